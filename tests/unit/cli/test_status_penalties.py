"""The one line about penalties."""

import io

import pytest
from rich.console import Console

from honeypost.cli import status
from honeypost.cli.shapes import Penalised

SAID = {"mode": "on", "standing": 2, "imposed": 7, "refused_packets": 1234, "remembered": 9}


def test_what_the_edge_says_is_taken_over_and_the_rest_passed_over():
    assert status._penalties({"penalties": SAID}) == Penalised("on", 2, 7, 1234)
    assert status._penalties({}) == Penalised()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "2 stand, 7 since the start; 1,234 packets refused"),
        ({"mode": "observe"}, "2 stand, 7 since the start; only observed, nobody is kept away"),
        ({"trouble": "no helper"}, "not carried out: no helper"),
    ],
)
def test_it_says_how_it_stands(changes, said):
    told = status._penalties({"penalties": {**SAID, **changes}})
    screen = Console(file=io.StringIO())
    screen.print(status._penalties_line(told), end="")
    assert screen.file.getvalue() == said
