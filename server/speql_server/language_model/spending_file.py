"""The charges of a connection on disk, so that a budget holds over sessions and for several editors at once."""

import hashlib
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from speql_speculator.language_model.settings import LanguageModelSettings
from speql_speculator.language_model.spending import Charge, Spending, decoded, encoded
from speql_sql import Problem


class SpendingFile:
    """One file a connection and day, a charge a line. Reading and writing wait for the disk: for a thread.

    A line is written in one call to a file opened for appending, so servers that write at once do not mix their lines,
    and all see them in one order. So a budget needs no lock, which a server that dies might leave behind: of two that
    reserve at once what there is room for once, the one whose line is the second finds the first. What cannot be
    written is kept in memory: the budget then holds for this session.
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

    def reserve(self, reserved: Charge, settings: LanguageModelSettings, now: float) -> Problem | None:
        """Write down the most that a request may cost, or say why it is not to be made.

        Whoever asks writes what it has cost in the end, also if it was refused.
        """
        self.add(reserved)
        return self._before(reserved, now).refusal(settings, now, reserved)

    def read(self, now: float) -> Spending:
        """The spending of the last day; files of earlier days are removed."""
        return Spending.of(self._charges(now), now)

    def _before(self, reserved: Charge, now: float) -> Spending:
        """What counts when a charge is made: all but what stands behind it in its file and is not settled by then."""
        charges = self._charges(now)
        own = (index for index, one in enumerate(charges) if one.reserved and one.request == reserved.request)
        place = next(own, len(charges))
        day = self._path(reserved.at)
        behind = [one for one in charges[place:] if one.reserved and self._path(one.at) == day]
        return Spending.of((one for one in charges if one not in behind), now)

    def _charges(self, now: float) -> list[Charge]:
        """All charges of the last two days, in the order in which they were written."""
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
        return charges

    def _path(self, at: float) -> Path:
        day = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=at)
        return self._folder / f"{self._name}-{day:%Y-%m-%d}.jsonl"
