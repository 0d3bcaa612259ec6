"""Whether work is worth doing: pure functions of estimates, each with its reason in words."""

import math
from dataclasses import dataclass

from sqlglot import exp

from speql_engines import Estimate
from speql_scheduler.running.settings import SchedulerSettings
from speql_sql import Catalog

BYTES_PER_VALUE = 16
"""An average width, for sizes that are only estimated; what counts against the budget is the real size."""


SHORT_SECONDS = 0.05
"""Runs that take no longer are short."""

OVERHEAD_SECONDS = 0.004
"""What a query takes to be parsed, planned and fetched."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether to create a temp table, and why, as a sentence without a full stop.

    ``doubtful`` says that the engine's estimate cannot be believed: the table is created with a limit on its rows.
    """

    create: bool
    reason: str
    doubtful: bool = False


def worth_creating(
    estimate: Estimate,
    base_rows: int,
    columns: int,
    crossed_rows: int,
    settings: SchedulerSettings,
    *,
    grouped: bool = False,
    direct_work: int = 0,
) -> Verdict:
    """Whether a temp table earns its cost.

    ``base_rows`` are the rows of the base tables that the unit names, as far as the catalog knows; an estimate alone
    would do injustice to a unit whose filters the engine already counts into its scans. ``crossed_rows`` are those of
    its worst cross join. Estimates of joins on top of joins, and of how many groups there are (``grouped``), are often
    too high by orders of magnitude: what they alone speak against is doubtful. ``direct_work`` is what running the unit
    on base tables takes, if the estimate is one over temp tables.
    """
    read = max(estimate.rows_scanned, base_rows)
    if crossed_rows > settings.blow_up * max(read, 1):
        return Verdict(False, f"its joins multiply rows: {_count(crossed_rows)} out of {_count(read)}")
    work = min(work_of(estimate, base_rows), int(settings.blow_up * max(read, 1)))
    doubtful = work < work_of(estimate, base_rows)
    if max(work, direct_work) < settings.cheap_work:
        return Verdict(False, f"cheap to run directly: {_count(work)} rows of work")
    size = estimate.rows * max(columns, 1) * BYTES_PER_VALUE
    too_large = ""
    if estimate.rows > settings.temp_rows:
        too_large = f"too large: about {_count(estimate.rows)} rows"
    elif size > settings.temp_budget_share * settings.byte_budget:
        too_large = f"too large: about {_count(size)} bytes"
    elif estimate.rows > settings.temp_input_share * read:
        too_large = f"nearly as large as what it reads: {_count(estimate.rows)} of {_count(read)} rows"
    elif estimate.rows > settings.quick_rows and settings.writing_cost * estimate.rows > max(work, direct_work):
        too_large = f"dear to write: {_count(estimate.rows)} rows instead of {_count(work)} rows of work"
    if too_large and not grouped and not doubtful:
        return Verdict(False, too_large)
    if too_large or doubtful:
        return Verdict(True, f"{_count(work)} rows of work or more; the estimate is in doubt", doubtful=True)
    return Verdict(True, f"about {_count(estimate.rows)} rows instead of {_count(work)} rows of work")


def believed_work(estimate: Estimate, base_rows: int, settings: SchedulerSettings) -> int:
    """The rows that a run is taken to process, of an absurd estimate no more than so many times what is read."""
    most = settings.believed_ratio * max(estimate.rows_scanned, base_rows, 1)
    return min(work_of(estimate, base_rows), int(most))


def work_of(estimate: Estimate, base_rows: int = 0) -> int:
    """The rows that a run is taken to process."""
    return max(estimate.rows_processed, estimate.rows_scanned, base_rows)


def streams(query: exp.Query) -> bool:
    """Whether the engine yields the first rows without reading all: one source, and nothing that needs every row.

    >>> from sqlglot import parse_one
    >>> streams(parse_one("SELECT a + 1 FROM t WHERE b > 2")), streams(parse_one("SELECT a FROM t ORDER BY a"))
    (True, False)
    """
    if not isinstance(query, exp.Select) or query.find(exp.With):
        return False
    source = query.args.get("from_")
    if source is not None and not isinstance(source.this, exp.Table):
        return False
    blocking = (exp.AggFunc, exp.Window, exp.Group, exp.Distinct, exp.Order, exp.Qualify, exp.Join, exp.Subquery)
    return query.find(*blocking) is None


def needs_all_rows(query: exp.Query) -> bool:
    """Whether all rows are read and grouped, compared or numbered before the first one is there, whatever the LIMIT.

    >>> from sqlglot import parse_one
    >>> needs_all_rows(parse_one("SELECT sum(a) FROM t")), needs_all_rows(parse_one("SELECT a FROM t ORDER BY a"))
    (True, False)
    """
    if not isinstance(query, exp.Select):
        return True
    if any(query.args.get(clause) for clause in ("group", "having", "distinct", "qualify")):
        return True
    return any(projection.find(exp.AggFunc, exp.Window) is not None for projection in query.expressions)


@dataclass(slots=True)
class Pace:
    """How many rows this engine processes in a second: a guess that each finished query corrects by ``weight``.

    That of queries ``of_a_shape`` makes up for estimates that are far too high for these.
    """

    rows_per_second: float
    weight: float = 0.3
    of_a_shape: bool = False

    def observe(self, work: int, seconds: float) -> None:
        """Learn from a run. Short ones say more about overhead than about speed: of a shape, that it is no slower."""
        least = max(seconds, SHORT_SECONDS)
        if work > 0 and (seconds > SHORT_SECONDS or (self.of_a_shape and self.seconds(work) > least)):
            self.rows_per_second += self.weight * (work / least - self.rows_per_second)

    def observe_stopped(self, work: int, seconds: float) -> None:
        """Learn from a run that was stopped: it would have taken longer than that."""
        if seconds > self.seconds(work):
            self.observe(work, seconds)

    def seconds(self, work: int) -> float:
        """The time that so much work is expected to take, with what even an empty query takes."""
        return OVERHEAD_SECONDS + work / max(self.rows_per_second, 1.0)


def seconds_to_adopt(create_seconds: float, elapsed: float, direct_seconds: float) -> float | None:
    """How long to wait for a running create before running the query directly; None for not at all.

    It is waited for if it is expected to be there sooner than the direct run's result, and then for no longer than
    that run is expected to take, nor for twice what is left: who waits in vain still has the run before him (the
    ski-rental argument). A create that has outlived its expectation shows that the guess was low, and by how much: the
    direct run reads the same tables, so the same factor is applied to it; and the create is never taken to be closer to
    its end than a tenth of the whole, since nothing tells that it is.
    """
    overrun = max(1.0, elapsed / create_seconds) if create_seconds > 0 else 1.0
    remaining = max(create_seconds * overrun - elapsed, 0.1 * create_seconds * overrun)
    direct = direct_seconds * overrun
    return min(direct, 2 * remaining) if remaining <= direct else None


def benefit_per_byte(rebuild_seconds: float, uses: int, size: int) -> float:
    """What keeping a temp table is worth: the seconds that each use has saved, and the next one would, per byte."""
    return rebuild_seconds * (1 + uses) / max(size, 1)


def base_rows(qualified: exp.Query, catalog: Catalog) -> int:
    """Rows of all base tables that a qualified query names, each time it names them; unknown ones count nothing."""
    total = 0
    for table in qualified.find_all(exp.Table):
        if table.db:  # a name without a schema is a CTE: qualified base tables have theirs
            found = catalog.find(table.name, table.db, table.catalog)
            total += (found.row_count or 0) if found else 0
    return total


def base_tables(query: exp.Query) -> tuple[str, ...]:
    """The full names of the base tables that a qualified query reads, in the order of its text.

    >>> from sqlglot import parse_one
    >>> base_tables(parse_one('WITH c AS (SELECT 1 FROM "db"."main"."t") SELECT 1 FROM c, main.s, main.s AS again'))
    ('main.s', 'db.main.t')
    """
    named = (".".join(part.name for part in table.parts) for table in query.find_all(exp.Table) if table.db)
    return tuple(dict.fromkeys(named))


def crossed_rows(qualified: exp.Query, catalog: Catalog) -> int:
    """How many rows the worst cross join inside makes, as far as the catalog knows; 0 if there is none.

    Engines estimate joins without a condition badly or not at all (DuckDB's plan gives them no cardinality), and a
    half-typed query has them all the time. Sources of one row (an aggregate without GROUP BY) do not count, those of
    unknown size count as one row.
    """
    return max((_crossed_rows(select, catalog) for select in qualified.find_all(exp.Select)), default=0)


def _crossed_rows(select: exp.Select, catalog: Catalog) -> int:
    from_, joins = select.args.get("from_"), select.args.get("joins") or []
    sources = ([from_.this] if from_ else []) + [join.this for join in joins]
    rows = {
        source.alias_or_name: _rows_of(source, catalog)
        for source in sources
        if isinstance(source, exp.Table | exp.Subquery) and not _has_one_row(source)
    }
    conditions = [join.args["on"] for join in joins if join.args.get("on")]
    if select.args.get("where"):
        conditions.append(select.args["where"].this)
    groups = [{name} for name in rows]
    for condition in conditions:
        for conjunct in condition.flatten() if isinstance(condition, exp.And) else (condition,):
            tied = {column.table for column in conjunct.find_all(exp.Column)} & rows.keys()
            touching = [group for group in groups if group & tied]
            if touching:
                groups = [group for group in groups if not group & tied] + [set().union(*touching)]
    return math.prod(max(rows[name] for name in group) for group in groups) if len(groups) > 1 else 0


def _rows_of(source: exp.Expression, catalog: Catalog) -> int:
    found = (
        catalog.find(source.name, source.db, source.catalog) if isinstance(source, exp.Table) and source.db else None
    )
    return max((found.row_count if found else None) or 1, 1)


def _has_one_row(source: exp.Expression) -> bool:
    select = source.this if isinstance(source, exp.Subquery) else None
    return (
        isinstance(select, exp.Select)
        and not select.args.get("group")
        and bool(select.expressions)
        and all(projection.find(exp.AggFunc) is not None for projection in select.expressions)
        and not any(projection.find(exp.Window) for projection in select.expressions)
    )


def _count(number: int) -> str:
    """A number as people say it.

    >>> _count(812), _count(1_234_567)
    ('812', '1.2 million')
    """
    for size, word in ((10**12, "trillion"), (10**9, "billion"), (10**6, "million")):
        if number >= size:
            return f"{number / size:.1f} {word}"
    return f"{number:,}"
