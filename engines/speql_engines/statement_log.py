"""The statements of an engine: which run now, and in the log how long each took and how it ended, never its words."""

import asyncio
import itertools
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal

from speql_engines.engine import EngineError, Result, TempTable

logger = logging.getLogger(__name__)

StatementKind = Literal["bind", "catalog", "create", "drop", "estimate", "functions", "query", "sample", "submit"]

_RUNS_LONG: frozenset[StatementKind] = frozenset({"create", "query", "sample", "submit"})
"""What may take its time, and so is worth a line; the others are of interest to those who look closely."""

_sent: ContextVar[Callable[[str], None] | None] = ContextVar("sent", default=None)


@contextmanager
def telling_ids(tell: Callable[[str], None]) -> Iterator[None]:
    """Within it, ``tell`` is called with the id of each statement that is sent to run (not of those that only ask)."""
    before = _sent.set(tell)
    try:
        yield
    finally:
        _sent.reset(before)


@dataclass(eq=False, slots=True)
class RunningStatement:
    """A statement on the engine. ``began`` is a time of ``time.perf_counter``; ``outcome`` what the log will say."""

    id: str
    kind: StatementKind
    began: float
    outcome: str = "done"


class StatementLog:
    """The statements that run now. Each has an id that no other of this process has."""

    _numbers = itertools.count(1)

    def __init__(self) -> None:
        self._running: dict[str, RunningStatement] = {}

    @property
    def running(self) -> tuple[RunningStatement, ...]:
        """Those that the engine has not finished, the oldest first."""
        return tuple(self._running.values())

    @contextmanager
    def statement(self, kind: StatementKind, about: str = "") -> Iterator[RunningStatement]:
        """A statement from its sending until the engine has stopped; ``about`` is a name of ours to know it by."""
        one = RunningStatement(f"q{next(self._numbers)}", kind, time.perf_counter())
        self._running[one.id] = one
        tell = _sent.get()
        if tell is not None and kind in _RUNS_LONG:
            tell(one.id)
        try:
            yield one
        except EngineError as error:
            one.outcome = f"failed ({error.problem.code if error.problem is not None else 'engine'})"
            raise
        except asyncio.CancelledError:
            one.outcome = "cancelled"
            raise
        except Exception as error:
            one.outcome = f"failed ({type(error).__name__})"
            raise
        finally:
            del self._running[one.id]
            level = logging.INFO if kind in _RUNS_LONG else logging.DEBUG
            milliseconds = (time.perf_counter() - one.began) * 1000
            named = f"{kind} {about}" if about else kind
            logger.log(level, "%s %s: %s after %.1f ms", one.id, named, one.outcome, milliseconds)


def outcome_of(result: object) -> str:
    """How large a result is."""
    if isinstance(result, TempTable):
        return f"{result.rows:,} rows, {result.bytes:,} bytes"
    if isinstance(result, Result):
        return f"{'all' if result.complete else 'the first'} {result.rows.num_rows:,} rows"
    return "done"
