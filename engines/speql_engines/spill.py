"""A private directory for what an engine cannot hold in memory."""

import contextlib
import os
import re
import shutil
import tempfile
import uuid
from pathlib import Path

import platformdirs

_OWN_NAME = re.compile(r"^(\d+)-[0-9a-f]{32}$")


class SpillDirectory:
    """The name of a directory that only this process uses, and its removal.

    The engine makes the directory when it first spills: a session that fits in memory leaves nothing on disk even
    when it is killed. What a killed session did spill is removed by the next one: names begin with the id of the
    process, and those of dead processes are swept when a new one is made. The parent belongs to the user alone,
    since spilled rows are the user's data.
    """

    def __init__(self, parent: Path | None = None) -> None:
        parent = parent or Path(platformdirs.user_cache_dir("speql")) / "spill"
        self._own_parent: Path | None = None
        try:
            parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError:
            # A home that cannot be written (a container, a full disk): a directory of our own among the temporary ones.
            parent = self._own_parent = Path(tempfile.mkdtemp(prefix="speql-spill-"))
        _sweep(parent)
        self.path = parent / f"{os.getpid()}-{uuid.uuid4().hex}"

    def remove(self) -> None:
        """Remove the directory and all in it; one that was never made is no error."""
        shutil.rmtree(self._own_parent or self.path, ignore_errors=True)


def _sweep(parent: Path) -> None:
    for entry in parent.iterdir():
        name = _OWN_NAME.match(entry.name)
        if name and not _alive(int(name[1])):
            shutil.rmtree(entry, ignore_errors=True)


def _alive(process: int) -> bool:
    if os.name == "nt":
        # os.kill would end the process there, so nothing is swept: the directory's age is no proof of death.
        return True
    with contextlib.suppress(PermissionError):
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return False
    return True
