"""`speql serve` is started by argparse, for speed, and documented by typer: both must take the same options."""

import re
import subprocess
import sys

import typer

from speql_server.cli.main import app


def test_both_parsers_of_serve_take_the_same_options() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "speql_server", "--help"], capture_output=True, text=True, check=True, timeout=60
    ).stdout
    fast = set(re.findall(r"--[a-z-]+", shown)) - {"--help"}
    command = typer.main.get_command(app).commands["serve"]
    assert fast == {option for one in command.params for option in one.opts if option.startswith("--")}
