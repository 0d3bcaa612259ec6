"""Where the history of a connection lies on this machine."""

import os
import re
from hashlib import blake2b
from pathlib import Path

from platformdirs import user_data_dir

DATA_DIRECTORY = "SPEQL_DATA_DIR"
"""The environment variable that names another place than the platform's data directory."""


def histories_directory() -> Path:
    """The folder that has a folder for each connection's history."""
    chosen = os.environ.get(DATA_DIRECTORY)
    return Path(chosen or user_data_dir("speql", appauthor=False)) / "history"


def history_directory(engine: str, database: str | None) -> Path:
    """The folder of one connection's history. All databases in memory of one engine share theirs.

    Its name is readable for people and tells connections apart by a hash; it holds no secret of a connection string.
    """
    if database is None or database == ":memory:":
        return histories_directory() / f"{engine}-memory"
    place = database if "://" in database else str(Path(database).expanduser().resolve())
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", Path(place.rpartition("@")[2]).stem).strip("-")[:40]
    digest = blake2b(place.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
    return histories_directory() / f"{engine}-{plain}-{digest}"
