"""A history on disk: a log that several processes append to, and a copy of the vectors made from it."""

import contextlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from speql_sql import SpeqlError

LOG, VECTORS, LOCK = "statements.jsonl", "vectors.faiss", "lock"


class HistoryError(SpeqlError):
    """The history's files cannot be read or written."""


LONGEST_WAIT_SECONDS = 5.0
"""So long the lock is waited for: who holds it for longer has been stopped, and would stop this process from ending."""

_HEAD = 64
"""So many bytes of the log tell it from the one that was there before it was rewritten."""


@dataclass(frozen=True, slots=True)
class Run:
    """One line of the log: a statement was run. ``at`` is in seconds since 1970, ``runs`` more than 1 after tidying."""

    text: str
    key: str
    template: str
    is_query: bool
    at: float
    runs: int = 1


class HistoryFiles:
    """The files of one connection's history in ``directory``, which is made when first written to.

    Each statement is one line, appended in one write under a lock, so that processes neither lose nor mix lines. What
    others have appended is read from where the last reading ended; when the log was rewritten (its file is another
    one) all of it is read again. Lines that cannot be read are left out and counted in ``damaged``. Raises
    :class:`HistoryError` where the disk refuses.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.damaged = 0
        self._read_to = 0
        self._stamp: tuple[int, int, int] | None = None
        self._head = b""

    def new_runs(self) -> tuple[bool, list[Run]]:
        """What has been logged since the last call, and whether that is all there is: then forget what was before."""
        path = self.directory / LOG
        try:
            status = path.stat()
        except FileNotFoundError:
            again = self._stamp is not None
            self._stamp, self._head, self._read_to = None, b"", 0
            return again, []
        except OSError as error:
            raise _refused(path, error) from error
        stamp = (status.st_ino, status.st_size, status.st_mtime_ns)
        if stamp == self._stamp:
            return False, []
        try:
            with path.open("rb") as file:
                # A new file may have the number of the old one: its beginning, which has a time in it, tells.
                head = file.read(_HEAD)
                grown = head.startswith(self._head) if self._head else False
                anew = not grown or status.st_size < self._read_to
                file.seek(0 if anew else self._read_to)
                content = file.read()
        except OSError as error:
            raise _refused(path, error) from error
        if anew:
            self._read_to, self.damaged = 0, 0
        self._stamp, self._head = stamp, head
        # A line without its end is still being written by another process: it is read next time.
        complete = content[: content.rfind(b"\n") + 1]
        self._read_to += len(complete)
        return anew, list(self._parsed(complete))

    def append(self, run: Run) -> None:
        """Log a run."""
        line = json.dumps(_as_json(run), ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"
        path = self.directory / LOG
        try:
            with self.locked():
                # A crash may have left half a line behind: ours starts on a line of its own, and that one is lost.
                torn = path.exists() and path.stat().st_size > 0 and not _ends_line(path)
                descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
                try:
                    os.write(descriptor, (b"\n" if torn else b"") + line)
                finally:
                    os.close(descriptor)
        except OSError as error:
            raise _refused(path, error) from error

    def rewrite(self, keep: Callable[[list[Run]], Sequence[Run]]) -> None:
        """Replace the log by what ``keep`` leaves of all that is in it, read under the lock so that nothing is lost."""
        path = self.directory / LOG
        try:
            with self.locked():
                content = path.read_bytes() if path.exists() else b""
                runs = keep(list(self._parsed(content)))
                lines = (json.dumps(_as_json(run), ensure_ascii=False, separators=(",", ":")) for run in runs)
                _write(path, "".join(f"{line}\n" for line in lines).encode("utf-8", "replace"))
        except OSError as error:
            raise _refused(path, error) from error

    def clear(self) -> None:
        """Delete the log and the vectors; other processes notice at their next look."""
        if not self.directory.exists():
            return
        try:
            with self.locked():
                for name in (LOG, VECTORS):
                    (self.directory / name).unlink(missing_ok=True)
        except OSError as error:
            raise _refused(self.directory, error) from error

    def size(self) -> int:
        """Bytes on disk."""
        paths = (self.directory / name for name in (LOG, VECTORS))
        return sum(path.stat().st_size for path in paths if path.exists())

    def read_vectors(self, embedding: str) -> tuple[list[str], bytes] | None:
        """The keys and the serialised index that were saved for this embedding; None if there are none that fit."""
        try:
            content = (self.directory / VECTORS).read_bytes()
        except OSError:
            return None  # they are made again from the log
        head, _, body = content.partition(b"\n")
        try:
            header = json.loads(head)
            fits = header["embedding"] == embedding and header["check"] == _digest(body)
            return ([str(key) for key in header["keys"]], body) if fits else None
        except (ValueError, KeyError, TypeError):
            return None

    def write_vectors(self, embedding: str, keys: Sequence[str], body: bytes) -> None:
        """Save a serialised index with its keys, all or nothing."""
        header = json.dumps({"embedding": embedding, "keys": list(keys), "check": _digest(body)})
        try:
            with self.locked():
                _write(self.directory / VECTORS, header.encode() + b"\n" + body)
        except OSError as error:
            raise _refused(self.directory / VECTORS, error) from error

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock that writers of this directory share; it is let go by the system if the process dies.

        Raises `TimeoutError` if another process does not let go of it.
        """
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self.directory / LOCK).open("ab") as file:
            _lock(file.fileno())
            try:
                yield
            finally:
                _unlock(file.fileno())

    def _parsed(self, content: bytes) -> Iterator[Run]:
        for line in content.split(b"\n"):
            if not line:
                continue
            try:
                fields = json.loads(line)
                yield Run(
                    str(fields["text"]),
                    str(fields["key"]),
                    str(fields["template"]),
                    bool(fields["query"]),
                    float(fields["at"]),
                    int(fields.get("runs", 1)),
                )
            except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
                self.damaged += 1


def _as_json(run: Run) -> dict[str, object]:
    found: dict[str, object] = {
        "at": round(run.at, 3),
        "text": run.text,
        "key": run.key,
        "template": run.template,
        "query": run.is_query,
    }
    return found if run.runs == 1 else {**found, "runs": run.runs}


def _ends_line(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


def _write(path: Path, content: bytes) -> None:
    """Write a file beside and put it in the place of the old one: readers see the one or the other."""
    beside = path.with_name(f"{path.name}.{os.getpid()}.new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    beside.replace(path)


def _digest(body: bytes) -> str:
    return blake2b(body, digest_size=16).hexdigest()


def _refused(path: Path, error: OSError) -> HistoryError:
    return HistoryError(
        f"The history {path} cannot be used: {error.strerror or error}.",
        "Check the permissions and the space of that folder, or switch history off.",
    )


if sys.platform == "win32":  # pragma: no cover - the other half runs here
    import msvcrt

    def _lock(descriptor: int) -> None:
        os.lseek(descriptor, 0, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)

    def _unlock(descriptor: int) -> None:
        os.lseek(descriptor, 0, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        until = time.monotonic() + LONGEST_WAIT_SECONDS
        while True:
            try:
                return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                if time.monotonic() > until:
                    raise TimeoutError(error.errno, "another process holds its lock") from error
            time.sleep(0.01)

    def _unlock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
