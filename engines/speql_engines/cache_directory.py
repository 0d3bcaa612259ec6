"""Where what can be made again is kept on this machine."""

import os
import re
from hashlib import blake2b
from pathlib import Path

import platformdirs

CACHE_DIRECTORY = "SPEQL_CACHE_DIR"
"""The environment variable that names another place than the platform's cache directory."""


def cache_directory() -> Path:
    """The folder for what can be made again."""
    chosen = os.environ.get(CACHE_DIRECTORY)
    return Path(chosen) if chosen else Path(platformdirs.user_cache_dir("speql", appauthor=False))


def catalog_file(engine: str, place: str) -> Path:
    """The file for the catalog of one database, whose ``place`` is its absolute path or its address without secrets.

    >>> catalog_file("duckdb", "/data/my sales.duckdb").name
    'duckdb-my-sales-b6189bb67356.sqlite'
    """
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", Path(place).stem).strip("-")[:40]
    digest = blake2b(place.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
    return cache_directory() / "catalogs" / f"{engine}-{plain}-{digest}.sqlite"
