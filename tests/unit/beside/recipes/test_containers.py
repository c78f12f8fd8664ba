"""Syntax and, with stand-ins for docker and honeypost, what the scripts do; nothing more was run."""

import os
import subprocess

import pytest

from honeypost.beside.recipes.containers import docker_mailserver, mailcow, mailu
from honeypost.beside.recipes.parts import Proof
from honeypost.config.load import load

DOCKER = """\
#!/bin/sh
echo "$@" > "$OUT/asked"
echo "Nov 23 10:00:02 a postfix/smtpd[1]: second"
echo "Nov 23 10:00:01 b dovecot: first"
"""
HONEYPOST = '#!/bin/sh\ncp "$2" "$OUT/looked-at"; echo "$1" > "$OUT/verb"\n'


@pytest.mark.parametrize(
    ("recipe", "services"),
    [(mailcow, "postfix-mailcow dovecot-mailcow"), (mailu, "smtp imap")],
    ids=["mailcow", "mailu"],
)
def test_yesterday_s_lines_of_both_daemons_are_looked_at_in_order(tmp_path, recipe, services):
    for name, text in (("docker", DOCKER), ("honeypost", HONEYPOST)):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    (script,) = recipe(str(tmp_path)).files
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "OUT": str(tmp_path)}
    subprocess.run(["sh", "-c", script.text], check=True, env=environment, timeout=30)
    assert (tmp_path / "verb").read_text() == "import\n"
    assert [line[-5:] for line in (tmp_path / "looked-at").read_text().splitlines()] == [
        "first", "econd",
    ]  # fmt: skip
    asked = (tmp_path / "asked").read_text()
    assert asked.startswith("compose logs --no-log-prefix ")
    assert asked.endswith(f" {services}\n")


def test_the_log_of_docker_mailserver_is_named_in_our_own_configuration(tmp_path):
    (file,) = docker_mailserver("/srv/dms").files
    path = tmp_path / "honeypost.toml"
    path.write_text(file.text)
    assert load(path, {}).observe.log == ("/srv/dms/docker-data/dms/mail-logs/mail.log",)


@pytest.mark.parametrize("recipe", [mailcow, docker_mailserver, mailu])
def test_each_says_that_it_was_not_run_and_why_there_are_no_decoys(recipe):
    made = recipe()
    assert made.proof is Proof.SYNTAX
    assert made.notes[0].startswith("No decoys: ")
