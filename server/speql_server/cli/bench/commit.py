"""The commit that a benchmark measures."""

import subprocess
from functools import cache
from pathlib import Path


@cache
def measured_commit() -> str:
    """The commit of the checkout that this code is in, with ``+`` if files of it are changed; empty outside of one."""
    try:
        _git("ls-files", "--error-unmatch", Path(__file__).name)  # installed inside of a checkout of something else
        commit = _git("rev-parse", "--short=7", "HEAD")
        return f"{commit}+" if _git("status", "--porcelain", "--untracked-files=no") else commit
    except (OSError, subprocess.CalledProcessError):
        return ""


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(Path(__file__).parent), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL).stdout.strip()
