"""A result with everything that the user should know about where it comes from."""

from dataclasses import dataclass

from speql_engines import Result
from speql_scheduler.matching.rewrite import Decision
from speql_sql import Problem


@dataclass(frozen=True)
class Answer:
    """The first rows of a result, and how they were made.

    ``states`` are words of design.md section 2 (``exact``, ``cached``, ``predicted``...). ``total_rows`` is None where
    it is not known without running the query to its end. ``executed_sql`` is what the engine was given, ``direct_sql``
    what it would be given without temp tables, and ``served_from`` names the temp tables it reads; ``temp_only`` is True if it reads no base table. ``seconds`` is
    the time from the request to the first page, waiting included. ``decisions`` say why temp tables were used or not.
    """

    result: Result
    states: tuple[str, ...]
    total_rows: int | None
    executed_sql: str
    served_from: tuple[str, ...] = ()
    temp_only: bool = False
    seconds: float = 0.0
    problems: tuple[Problem, ...] = ()
    decisions: tuple[Decision, ...] = ()
    direct_sql: str = ""
