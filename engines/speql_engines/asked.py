"""Whether the user has asked for what is run, whatever method of the engine runs it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_asked: ContextVar[bool] = ContextVar("asked", default=False)


def is_asked_for() -> bool:
    """Whether the user waits for the statement that is being run."""
    return _asked.get()


@contextmanager
def asked_for() -> Iterator[None]:
    """Within it, all statements are the user's own: pages, statistics and charts of a result, a sample that was
    asked for. No budget holds them back.
    """
    before = _asked.set(True)
    try:
        yield
    finally:
        _asked.reset(before)
