"""The lock that DuckDB has on a file that it reads, let go of and taken again while the file stays attached.

**What we want**: a file that nobody uses here can be written by other processes, and what DuckDB has read of it stays
in memory; reading it again can take longer than the query itself.

**What cannot be had** from DuckDB: it locks a file from ATTACH to DETACH, and DETACH forgets what was read.

**The solution**: on POSIX systems DuckDB's lock is one of ``fcntl`` on the whole file. Such a lock is the process's,
not the descriptor's: it can be let go of and taken again through a descriptor of our own. While it is let go of,
nothing may be read from the attached file; when it is wanted again, the lock is taken first, so that no writer can come
any more, and then the file is compared with what it was: if it has changed, it is attached anew.

Closing any descriptor of a file drops every lock that the process has on it. So ours is closed after DETACH only; who
else wants to look into such a file does it through ours (`FileLock.look`); and when one of several engines of this
process detaches a file, the lock is taken again for the others.

**What still fails**: elsewhere (Windows) there are no such locks, and the file is detached. Between DETACH by one
engine and the taking again for another there is a moment without a lock.
"""

import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    HAS_LOCKS = False
else:
    HAS_LOCKS = True

_guard = threading.RLock()
_locks: "list[FileLock]" = []
"""Those of this process: what one lets go of may be another's."""


class FileLock:
    """DuckDB's lock on one attached file, which is held when this is made. Not safe to be used by several threads."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        found = os.fstat(descriptor)
        self._file = found.st_dev, found.st_ino
        self._holds = True
        with _guard:
            _locks.append(self)

    @classmethod
    def of(cls, path: Path) -> "FileLock | None":
        """The lock of a file that is attached for reading; None where it cannot be let go of."""
        if not HAS_LOCKS:
            return None
        try:
            return cls(os.open(path, os.O_RDONLY | os.O_CLOEXEC))
        except OSError:
            return None

    @classmethod
    def look(cls, path: Path, places: Sequence[int], count: int) -> bytes | None:
        """So many bytes of each of these places of a file, if this process has a descriptor of it; else None."""
        try:
            found = path.stat()
        except OSError:
            return None
        with _guard:  # it is not closed meanwhile
            lock = next((lock for lock in _locks if lock.is_on(found.st_dev, found.st_ino)), None)
            return lock.read(places, count) if lock is not None else None

    @property
    def is_held(self) -> bool:
        """Whether others are kept from writing for this one."""
        return self._holds

    def let_go(self) -> bool:
        """Let others write, if nobody else in this process keeps them from it; False if the system refuses."""
        with _guard:
            if not any(self._others_that_hold()):
                try:
                    fcntl.lockf(self._descriptor, fcntl.LOCK_UN)
                except OSError:
                    return False
            self._holds = False
        return True

    def take(self) -> bool:
        """Keep others from writing again; False if one of them writes."""
        with _guard:
            try:
                fcntl.lockf(self._descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:
                return False
            self._holds = True
        return True

    def is_on(self, device: int, inode: int) -> bool:
        """Whether it is the lock of that file."""
        return self._file == (device, inode)

    def read(self, places: Sequence[int], count: int) -> bytes:
        """So many bytes of each of these places."""
        return b"".join(os.pread(self._descriptor, count, place) for place in places)

    def close(self) -> None:
        """Forget the lock. To be called when the file has been detached."""
        with _guard:
            self._holds = False
            _locks.remove(self)
            os.close(self._descriptor)
            for other in self._others_that_hold():
                other.take()

    def _others_that_hold(self) -> "Iterator[FileLock]":
        return (lock for lock in _locks if lock is not self and lock.is_held and lock.is_on(*self._file))
