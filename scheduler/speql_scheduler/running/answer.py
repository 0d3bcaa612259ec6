"""A result with everything that the user should know about where it comes from."""

from dataclasses import dataclass

from speql_engines import Result
from speql_scheduler.matching.rewrite import Decision
from speql_sql import Problem


@dataclass(frozen=True, slots=True)
class Interval:
    """For each row of a column the ends of the 95 % confidence interval of its value, None where none is sound."""

    low: tuple[float | None, ...]
    high: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class SampleInfo:
    """That a result is an estimate: from which fraction of which table, and how far off each column may be.

    ``intervals`` is aligned with the columns; None for a column without any. ``rows`` is about how many were drawn.
    """

    fraction: float
    table: str
    intervals: tuple[Interval | None, ...]
    rows: int | None = None


@dataclass(frozen=True)
class Answer:
    """The first rows of a result, and how they were made.

    ``states`` are words of design.md section 2 (``exact``, ``cached``, ``predicted``...). ``total_rows`` is None where
    it is not known without running the query to its end. ``executed_sql`` is what the engine was given, ``direct_sql``
    what it would be given without temp tables, and ``served_from`` names the temp tables it reads; ``temp_only`` is
    True if it reads no base table. ``seconds`` is the time from the request to the first page, waiting included.
    ``decisions`` say why temp tables were used or not. ``sample`` is there if and only if the state ``sample`` is:
    such a result is not kept, and never given as an exact one. ``base_tables`` are the full names of those that were
    read. ``direct_seconds`` is what ``direct_sql`` is expected to take, and ``estimated_rows`` what is expected to come
    out of it, None if nobody has asked for its estimate.
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
    sample: SampleInfo | None = None
    base_tables: tuple[str, ...] = ()
    direct_seconds: float | None = None
    estimated_rows: int | None = None
