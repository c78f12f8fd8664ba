import json
import os

import pytest

from honeypost.cli.main import main
from honeypost.config.schema import Paths
from honeypost.config.secrets import create_if_missing


def test_the_rule_for_rspamd_names_this_site_s_decoys(tmp_path, capsys):
    made = create_if_missing(Paths(tmp_path).secrets, os.urandom)
    assert main(["recipe", "rspamd", "--data", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert f'user = "@{made.marker_domain}";' in out
    assert "run with the real program" in out
    assert main(["recipe", "rspamd", "--data", str(tmp_path), "--json"]) == 0
    line = json.loads(capsys.readouterr().out)
    assert line["path"] == "/etc/rspamd/local.d/settings.conf"
    assert line["text"] in out


def test_a_site_that_was_never_set_up_has_no_recipe(tmp_path, capsys):
    assert main(["recipe", "rspamd", "--data", str(tmp_path)]) == 1
    assert "site.json" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["fail2ban", "mailcow", "docker-mailserver", "mailu"])
def test_the_others_need_no_site(tmp_path, capsys, name):
    assert main(["recipe", name, "--data", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    proof = "run with the real program" if name == "fail2ban" else "syntax-tested only"
    assert out.startswith(f"# {name}: {proof}\n")
    assert "# add to /etc/" in out
