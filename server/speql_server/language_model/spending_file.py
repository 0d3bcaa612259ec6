"""The charges of a connection on disk, so that a budget holds over sessions and for several editors at once."""

import hashlib
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from speql_speculator.language_model.spending import Charge, Spending, decoded, encoded


class SpendingFile:
    """One file a connection and day, a charge a line. Reading and writing wait for the disk: for a thread.

    A line is written in one call to a file opened for appending, so servers that write at once do not mix their lines.
    What cannot be written is kept in memory: the budget then holds for this session.
    """

    def __init__(self, folder: Path, label: str) -> None:
        self._folder = folder
        self._name = hashlib.sha256(label.encode()).hexdigest()[:16]
        self._unwritten: list[Charge] = []

    def add(self, charge: Charge) -> None:
        """Write one charge."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            handle = os.open(self._path(charge.at), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(handle, encoded(charge))
            finally:
                os.close(handle)
        except OSError:
            self._unwritten.append(charge)

    def read(self, now: float) -> Spending:
        """The spending of the last day; files of earlier days are removed."""
        charges = list(self._unwritten)
        kept = {self._path(now), self._path(now - 86_400)}
        for path in sorted(self._folder.glob(f"{self._name}-*.jsonl")):
            try:
                if path in kept:
                    charges += decoded(path.read_bytes())
                else:
                    path.unlink()
            except OSError:
                continue
        return Spending.of(charges, now)

    def _path(self, at: float) -> Path:
        day = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=at)
        return self._folder / f"{self._name}-{day:%Y-%m-%d}.jsonl"
