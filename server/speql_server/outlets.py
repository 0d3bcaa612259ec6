"""Where what a session finds out goes."""

from collections.abc import Callable
from dataclasses import dataclass

from speql_scheduler.running.answer import Answer
from speql_server import protocol
from speql_server.analysis import Analysis
from speql_sql import Problem


@dataclass(frozen=True)
class Outlets:
    """Where a session's results go: functions that send one message each, called on the event loop."""

    preview: Callable[[protocol.Preview], None]
    jobs: Callable[[protocol.Jobs], None]
    diagnostics: Callable[[Analysis, tuple[Problem, ...]], None]
    wrote: Callable[[], None] = lambda: None
    """Called after a submit that may have changed data: what other documents show may be stale."""
    learnt: Callable[[], None] = lambda: None
    """Called when more can be shown beside the text than before: types of columns, numbers of rows."""
    answered: Callable[[Answer], None] = lambda _: None
    """Called with each answer before it is made a message, for those who check answers."""
