"""What a running edge has loaded: nothing heavy, nothing that parses mail or goes out."""

from __future__ import annotations

import json
import socket
from pathlib import Path

from support.edge_process import address, clean_environment, running, write_config

FORBIDDEN = {
    "can_ada",
    "cryptography",
    "http.client",
    "honeypost.cli",
    "honeypost.extract",
    "honeypost.outbound",
    "html.parser",
    "publicsuffixlist",
    "rich",
    "selectolax",
    "smtplib",
    "typer",
    "urllib.request",
}

CODE = """
import atexit, json, sys
from pathlib import Path
from honeypost.app.edge import main
atexit.register(lambda: Path(sys.argv[1]).write_text(json.dumps(sorted(sys.modules))))
sys.exit(main(sys.argv[2:]))
"""

CONFIG = """
[listeners]
smtp = ""
submission = "127.0.0.1:0"
submissions = ""
lmtp = "127.0.0.1:0"
policy = "127.0.0.1:0"
lookup = "127.0.0.1:0"
authpolicy = "127.0.0.1:0"
[beside]
script_key = "s3cret"
"""


def test_a_running_edge_has_loaded_nothing_heavy(tmp_path: Path) -> None:
    config = write_config(tmp_path / "data", CONFIG)
    told = tmp_path / "modules.json"
    command = ("-c", CODE, str(told), "--data", str(tmp_path / "data"), "--config", str(config))
    with running(command, env=clean_environment()) as (_, ready):
        client = socket.create_connection(address(ready["listeners"]["submission"][0]), 10)
        assert client.recv(100).startswith(b"220 ")
        client.close()
    loaded = json.loads(told.read_text())
    tops = {name.partition(".")[0] for name in loaded} | set(loaded)
    assert "honeypost.app.edge" in tops
    assert tops & FORBIDDEN == set()
