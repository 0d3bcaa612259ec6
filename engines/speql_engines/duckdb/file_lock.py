"""The lock that DuckDB has on a file that it reads, let go of and taken again while the file stays attached.

**What we want**: a file that nobody uses here can be written by other processes, and what DuckDB has read of it stays
in memory; reading it again can take longer than the query itself.

**What cannot be had** from DuckDB: it locks a file from ATTACH to DETACH, and DETACH forgets what was read.

**The solution**: on POSIX systems DuckDB's lock is one of ``fcntl`` on the whole file. Such a lock is the process's,
not the descriptor's: it can be let go of and taken again through a descriptor of our own. While it is let go of,
nothing may be read from the attached file; when it is wanted again, the lock is taken first, so that no writer can come
any more, and then the file is compared with what it was: if it has changed, it is attached anew.

**What still fails**: elsewhere (Windows) there are no such locks, and the file is detached. Closing any descriptor of a
file drops every lock that the process has on it: so ours is closed after DETACH only.
"""

import os
import threading
from collections import Counter
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    HAS_LOCKS = False
else:
    HAS_LOCKS = True

_guard = threading.Lock()
_holders: Counter[tuple[int, int]] = Counter()
"""How many in this process hold the lock of a file, by device and inode: what one lets go of may be another's."""


class FileLock:
    """DuckDB's lock on one attached file, which is held when this is made. Not safe to be used by several threads."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        found = os.fstat(descriptor)
        self._file = found.st_dev, found.st_ino
        self._holds = True
        with _guard:
            _holders[self._file] += 1

    @classmethod
    def of(cls, path: Path) -> "FileLock | None":
        """The lock of a file that is attached for reading; None where it cannot be let go of."""
        if not HAS_LOCKS:
            return None
        try:
            return cls(os.open(path, os.O_RDONLY | os.O_CLOEXEC))
        except OSError:
            return None

    @property
    def is_held(self) -> bool:
        """Whether others are kept from writing for this one."""
        return self._holds

    def let_go(self) -> bool:
        """Let others write, if nobody else in this process keeps them from it; False if the system refuses."""
        with _guard:
            if _holders[self._file] == 1:
                try:
                    fcntl.lockf(self._descriptor, fcntl.LOCK_UN)
                except OSError:
                    return False
            self._holds = False
            _holders[self._file] -= 1
        return True

    def take(self) -> bool:
        """Keep others from writing again; False if one of them writes."""
        with _guard:
            try:
                fcntl.lockf(self._descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:
                return False
            self._holds = True
            _holders[self._file] += 1
        return True

    def is_on(self, device: int, inode: int) -> bool:
        """Whether it is the lock of that file."""
        return self._file == (device, inode)

    def read(self, start: int, count: int) -> bytes:
        """Bytes of the file."""
        return os.pread(self._descriptor, count, start)

    def close(self) -> None:
        """Forget the lock. To be called when the file has been detached."""
        with _guard:
            if self._holds:
                _holders[self._file] -= 1
            self._holds = False
        os.close(self._descriptor)
