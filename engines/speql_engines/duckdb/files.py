"""Whether a path can be opened as a DuckDB database, and in words if not."""

import errno
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from speql_engines.duckdb.file_lock import FileLock
from speql_engines.engine import ConnectionFailedError

_MAGIC = b"DUCK"
_MAGIC_AT = 8
# The main header and the two database headers, one of which every checkpoint rewrites with a higher counter.
_HEADERS_AT = (0, 4096, 8192)
_HEADER_BYTES = 64


def check_database_file(path: Path) -> None:
    """Raise :class:`ConnectionFailedError` unless ``path`` is a readable file that begins as a DuckDB database does.

    DuckDB itself would attach a CSV file as an in-memory database, and ask for an extension for a SQLite file.
    Must not be called while this process has the file attached without a :class:`FileLock` (see :func:`fingerprint`).
    """
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise ConnectionFailedError(f"{path} is a directory.", "Name the DuckDB file in it.")
        if not stat.S_ISREG(mode):
            raise ConnectionFailedError(f"{path} is not a file.", "Name a DuckDB file.")
        beginning = _read(path, (0,), _MAGIC_AT + len(_MAGIC))
    except FileNotFoundError:
        raise ConnectionFailedError(
            f"{path} does not exist.", "Check the path; `duckdb FILE` makes a new database."
        ) from None
    except PermissionError:
        raise ConnectionFailedError(f"{path} may not be read.", "Ask its owner for permission to read it.") from None
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        hint = "Check the path." if error.errno in (errno.ENOTDIR, errno.ENAMETOOLONG) else ""
        raise ConnectionFailedError(f"{path} cannot be opened: {reason}.", hint) from error
    if beginning[_MAGIC_AT:] != _MAGIC:
        raise ConnectionFailedError(
            f"{path} is not a DuckDB database: {_looks_like(path, beginning)}.", _how_to_load(path)
        )


def connection_failed(path: Path, error: duckdb.Error) -> ConnectionFailedError:
    """Why DuckDB did not attach ``path``, with what to do next."""
    message = str(error)
    if "Conflicting lock" in message or "Could not set lock" in message:
        holder = message.partition("Conflicting lock is held in ")[2].partition(").")[0]
        who = f" by {holder})" if holder else ""
        return ConnectionFailedError(
            f"{path} is locked: another process has it open for writing{who}.",
            "Close it there, or open it read-only there, and try again.",
        )
    if "Unique file handle conflict" in message:
        return ConnectionFailedError(
            f"{path} is open already in this process, there or here for writing.",
            "Close it there first; it may be open more than once for reading only.",
        )
    if "newer version of DuckDB" in message or "greater than the latest version" in message:
        return ConnectionFailedError(
            f"{path} was written by a newer DuckDB than {duckdb.__version__}, which SpeQL uses.",
            "Upgrade with `pip install --upgrade duckdb`, or copy the data with the newer DuckDB's EXPORT DATABASE.",
        )
    if "older development version" in message:
        return ConnectionFailedError(
            f"{path} was written by a DuckDB too old to be read by {duckdb.__version__}.",
            "Copy the data with the old DuckDB's EXPORT DATABASE.",
        )
    if "orrupt" in message or "checksum" in message or "Could not read enough bytes" in message:
        return ConnectionFailedError(
            f"{path} is damaged: {message.strip().splitlines()[0]}",
            "Restore it from a copy; a file that is still being copied looks the same.",
        )
    if "encrypt" in message.lower():
        return ConnectionFailedError(f"{path} is encrypted, which SpeQL cannot open yet.", "Use an unencrypted copy.")
    if "Permission denied" in message:
        return ConnectionFailedError(f"{path} may not be opened.", "Ask its owner for permission.")
    return ConnectionFailedError(f"{path} cannot be opened: {message.strip().splitlines()[0]}")


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What tells one state of a database file from another. ``headers`` is empty where they could not be read."""

    stats: tuple[tuple[int, int, int, int] | None, ...]
    headers: bytes = b""


def fingerprint(path: Path, *, attached: bool, lock: FileLock | None = None) -> Fingerprint:
    """The state of ``path`` and of its write-ahead log.

    File times are coarse (4 ms on Linux), so that two states of equal size can share one: hence the headers, in which
    each checkpoint raises a counter. They are read only while this process has the file **not** attached: closing any
    descriptor of a file drops every POSIX lock that the process has on it, DuckDB's lock too, and another process
    could then write under our readers. A ``lock`` has a descriptor of the file that stays open.
    """
    stats = tuple(_stat(file) for file in (path, path.with_name(path.name + ".wal")))
    if lock is not None:
        return Fingerprint(stats, lock.read(_HEADERS_AT, _HEADER_BYTES))
    return Fingerprint(stats, b"" if attached else _headers(path))


def _stat(path: Path) -> tuple[int, int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _headers(path: Path) -> bytes:
    try:
        return _read(path, _HEADERS_AT, _HEADER_BYTES)
    except OSError:
        return b""


def _read(path: Path, places: Sequence[int], count: int) -> bytes:
    """So many bytes of each of these places; through a descriptor that stays open, if this process has one."""
    if (found := FileLock.look(path, places, count)) is not None:
        return found
    parts = []
    with path.open("rb") as file:
        for place in places:
            file.seek(place)
            parts.append(file.read(count))
    return b"".join(parts)


def _looks_like(path: Path, beginning: bytes) -> str:
    if not beginning:
        return "it is empty"
    if beginning.startswith(b"SQLite form"):
        return "it is a SQLite database"
    if beginning.startswith(b"PAR1"):
        return "it is a Parquet file"
    if path.suffix.lower() in {".csv", ".tsv", ".json", ".ndjson", ".jsonl"}:
        return f"it looks like a {path.suffix[1:].upper()} file"
    return "it does not begin like one"


def _how_to_load(path: Path) -> str:
    readers = {".csv": "read_csv", ".tsv": "read_csv", ".json": "read_json", ".jsonl": "read_json"}
    reader = {".parquet": "read_parquet", ".ndjson": "read_json"}.get(path.suffix.lower()) or readers.get(
        path.suffix.lower()
    )
    if reader:
        return f"Load it with `duckdb new.duckdb \"CREATE TABLE t AS FROM {reader}('{path.name}')\"`."
    return "Name a file made by DuckDB."
