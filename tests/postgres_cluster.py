"""A PostgreSQL server of the tests' own: a cluster that is made, started on a socket, and removed."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def binaries() -> Path | None:
    """Where PostgreSQL's own programs are; None if it is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    other = shutil.which("initdb")
    return found[-1].parent if found else Path(other).parent if other else None


@contextmanager
def cluster() -> Iterator[str]:
    """A running server; gives what to connect to, without the name of a database (`postgres` is there)."""
    programs = binaries()
    assert programs is not None, "PostgreSQL is installed"
    folder = Path(tempfile.mkdtemp(prefix="speql-pg-", dir="/tmp"))
    run_as: dict[str, Any] = {}
    if os.geteuid() == 0:  # the server refuses to run as root
        user = pwd.getpwnam("postgres")
        os.chown(folder, user.pw_uid, user.pw_gid)
        run_as = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    data, log = folder / "data", folder / "log"

    def run(program: str, *arguments: str) -> None:
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TZ": "UTC"}
        done = subprocess.run(
            [str(programs / program), *arguments], cwd=folder, env=environment, capture_output=True, text=True, **run_as
        )
        assert done.returncode == 0, f"{program}: {done.stderr}\n{log.read_text() if log.exists() else ''}"

    try:
        run("initdb", "-D", str(data), "-U", "speql", "-A", "trust", "-E", "UTF8", "--no-sync")
        # Roles in the group `asked` log in with a password; all others are trusted.
        (data / "pg_hba.conf").write_text("local all +asked scram-sha-256\nlocal all all trust\n")
        settings = f"-c listen_addresses= -k {folder} -c fsync=off -c timezone=UTC -c max_connections=60"
        run("pg_ctl", "-D", str(data), "-l", str(log), "-w", "-o", settings, "start")
        try:
            yield f"host={folder} user=speql"
        finally:
            run("pg_ctl", "-D", str(data), "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
