import pytest

from honeypost.beside.survey.themes import programs
from support.changed_site import both, dovecot, postfix, system


@pytest.mark.parametrize(
    ("version", "code"),
    [
        ((3, 4, 29), ["postfix-too-old"]),
        ((3, 5, 25), ["postfix-without-inline-tables"]),
        ((3, 6), ["postfix-without-inline-tables"]),
        ((3, 7), []),
        ((3, 10, 13), []),
        ((3, 11), ["postfix-newer"]),
        ((), ["postfix-too-old"]),
    ],
)
def test_each_postfix_is_told(new, version, code):
    assert [found for found, _ in new(programs, postfix(version=version))] == code


@pytest.mark.parametrize(
    ("version", "code"),
    [
        ((2, 2, 36), ["dovecot-too-old"]),
        ((2, 3), []),
        ((2, 4, 1), ["dovecot-2.4"]),
        ((2, 5), ["dovecot-unknown"]),
    ],
)
def test_each_dovecot_is_told(new, version, code):
    assert [found for found, _ in new(programs, dovecot(version=version))] == code


def test_lua_without_http_and_no_lua_at_all(new):
    assert new(programs, dovecot(lua=False, lua_http=False))[0][0] == "lua-missing"
    assert new(programs, dovecot(lua_http=False))[0][0] == "lua-http-missing"


def test_a_small_host_is_told_its_memory(new):
    small = both(system(memory_bytes=256 * 2**20))
    assert new(programs, small) == [
        (
            "memory-small",
            "This host has 256 MB of memory; the budgets are made for 512 MB and more.",
        )
    ]
    assert new(programs, system(memory_bytes=500 * 2**20)) == []
