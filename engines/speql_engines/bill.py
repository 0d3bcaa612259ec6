"""What one statement may cost, and what it has cost: handed to the engine beside the statement."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(slots=True)
class Bill:
    """Limits of one statement, for an engine that can hold to them itself, and the place where it says what it took.

    ``most_bytes`` may be scanned (BigQuery's ``maximum_bytes_billed``), ``most_seconds`` may pass (a statement's time
    limit); None is no limit. ``may_resume`` is True if a warehouse that is suspended may be started for it.
    ``bytes`` and ``dollars`` are written by the engine when it knows what it has charged; else they stay None.
    """

    most_bytes: int | None = None
    most_seconds: float | None = None
    may_resume: bool = False
    bytes: int | None = None
    dollars: float | None = None

    def seconds_within(self, most: float) -> float:
        """How long the statement may take on an engine that gives none more than ``most`` seconds."""
        return most if self.most_seconds is None else min(most, self.most_seconds)


_bill: ContextVar[Bill | None] = ContextVar("bill", default=None)


def statement_bill() -> Bill:
    """The bill of the statement that is being run; where nobody bills it, one without limits that resumes nothing.

    The job that runs a statement on a thread sees the same one.
    """
    return _bill.get() or Bill()


@contextmanager
def billed_to(bill: Bill) -> Iterator[None]:
    """Within it, statements are billed to ``bill``."""
    before = _bill.set(bill)
    try:
        yield
    finally:
        _bill.reset(before)
