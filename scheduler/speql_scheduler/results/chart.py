"""The data of a chart of a held result, aggregated by the engine."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from speql_engines import Engine, ResultColumn
from speql_scheduler.results.arrangement import Filter
from speql_scheduler.results.chart_choice import ChartChoice
from speql_scheduler.results.held import Held
from speql_scheduler.results.profile import kind_of
from speql_scheduler.results.result_sql import ROW, where_sql

MOST_POINTS = 5_000
MOST_BARS = 50
MOST_TIMES = 500
MOST_COLOURS = 8
BINS = 30

_UNITS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400, "week": 604_800, "month": 2_629_746}


@dataclass(frozen=True)
class ChartData:
    """A chart and its points: columns ``x``, ``y`` and, where it has colours, ``colour`` as text.

    ``unit`` is what times were cut to, empty if they were not. ``series`` are the values of ``colour`` in the order in
    which they are to be named: the largest first, the one that stands for all others last. ``notes`` say what is not
    drawn.
    """

    choice: ChartChoice
    rows: pa.Table
    types: tuple[str, ...]
    sql: str
    unit: str = ""
    series: tuple[str | None, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Colours:
    """An expression for the colour of a row, the colours that there are, and what is said of them."""

    sql: str = ""
    series: tuple[str | None, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def selected(self) -> str:
        """The column of the points, with a comma before it."""
        return f", {self.sql} AS colour" if self.sql else ""

    @property
    def grouped(self) -> str:
        """The key of their groups, with a comma before it."""
        return ", colour" if self.sql else ""


_NO_COLOURS = _Colours()


async def chart(engine: Engine, held: Held, choice: ChartChoice, filters: Sequence[Filter] = ()) -> ChartData:
    """The data of a chart, aggregated by the engine to what can be drawn.

    :class:`~speql_engines.EngineError` if the columns cannot be drawn like this.
    """
    source = f"(SELECT * FROM {held.table.sql_name}{where_sql(held.columns, filters, held.dialect)}) AS speql_drawn"
    if choice.binned:
        return await _histogram(engine, choice, source)
    colours = await _colours(engine, held.columns, choice, source)
    if choice.aggregate == "none":
        return await _points(engine, choice, source, colours)
    return await _aggregated(engine, held, choice, source, colours)


async def _colours(engine: Engine, columns: Sequence[ResultColumn], choice: ChartChoice, source: str) -> _Colours:
    """The colours of a chart: of more than eight values the seven largest, and one for all others.

    Large is what has the largest sum, in other charts than those of sums what has the most rows.
    """
    if choice.colour is None:
        return _NO_COLOURS
    name = f"CAST(c{choice.colour} AS VARCHAR)"
    size = f"sum(abs(c{choice.y}))" if choice.aggregate == "sum" and choice.y is not None else "count(*)"
    found = await engine.execute(
        f"SELECT {name} AS colour FROM {source} GROUP BY colour ORDER BY {size} DESC NULLS LAST, colour NULLS LAST"
    )
    values: list[str | None] = found.rows.column(0).to_pylist()
    if len(values) <= MOST_COLOURS:
        return _Colours(name, tuple(values))
    kept = values[: MOST_COLOURS - 1]
    rest = "other"
    while rest in kept:
        rest = f"all {rest}"
    texts = ", ".join("'" + value.replace("'", "''") + "'" for value in kept if value is not None)
    is_kept = f"{name} IN ({texts})" if texts else "FALSE"
    if None in kept:
        is_kept = f"({is_kept} OR {name} IS NULL)"
    note = f"{columns[choice.colour].name} has {len(values):,} values: the {len(kept)} largest are drawn, and {rest}."
    return _Colours(f"CASE WHEN {is_kept} THEN {name} ELSE '{rest}' END", (*kept, rest), (note,))


async def _points(engine: Engine, choice: ChartChoice, source: str, colours: _Colours) -> ChartData:
    """The rows themselves; of too many every so manieth."""
    total = await _number(engine, f"SELECT count(*) FROM {source}")
    every = -(-total // MOST_POINTS) if total else 1
    y = f"c{choice.y}" if choice.y is not None else "NULL"
    thinned = f" WHERE {ROW} % {every} = 0" if every > 1 else ""
    sql = f"SELECT c{choice.x} AS x, {y} AS y{colours.selected} FROM {source}{thinned} ORDER BY {ROW}"
    notes = (f"Every {every}th of {total:,} rows is drawn.",) if every > 1 else ()
    return await _data(engine, choice, sql, colours=colours, notes=notes)


async def _aggregated(engine: Engine, held: Held, choice: ChartChoice, source: str, colours: _Colours) -> ChartData:
    x, unit = f"c{choice.x}", ""
    notes: tuple[str, ...] = ()
    is_time = kind_of(held.columns[choice.x].type) == "time"
    if is_time:
        unit = await _unit(engine, x, source)
        x = f"date_trunc('{unit}', {x})" if unit else x
    y, where = _aggregate(choice), ""
    if not is_time:
        groups = await _number(engine, f"SELECT count(DISTINCT {x}) FROM {source}")
        if groups > MOST_BARS:
            most = f"SELECT {x} AS x FROM {source} GROUP BY x ORDER BY {y} DESC NULLS LAST, x LIMIT {MOST_BARS}"
            where = f" WHERE {x} IN ({most})"
            notes = (f"The {MOST_BARS} greatest of {groups:,} values are drawn.",)
    grouped = colours.grouped
    sql = f"SELECT {x} AS x, {y} AS y{colours.selected} FROM {source}{where} GROUP BY x{grouped} ORDER BY x{grouped}"
    return await _data(engine, choice, sql, unit, colours, notes)


async def _histogram(engine: Engine, choice: ChartChoice, source: str) -> ChartData:
    x = f"CAST(c{choice.x} AS DOUBLE)"
    sql = (
        f"WITH numbers AS (SELECT {x} AS v FROM {source} WHERE isfinite({x})), "
        "ends AS (SELECT min(v) AS low, max(v) AS high FROM numbers) "
        f"SELECT low + (high - low) / {BINS} * least(floor((v - low) / (high - low) * {BINS}), {BINS - 1}) AS x, "
        f"count(*) AS y, (any_value(high) - any_value(low)) / {BINS} AS width "
        "FROM numbers, ends WHERE high > low AND isfinite(high - low) GROUP BY x ORDER BY x"
    )
    return await _data(engine, choice, sql)


async def _unit(engine: Engine, x: str, source: str) -> str:
    """The finest unit of time of which there are not too many; empty if the times themselves are few enough."""
    if await _number(engine, f"SELECT count(DISTINCT {x}) FROM {source}") <= MOST_TIMES:
        return ""
    span = f"SELECT max(epoch({x})) - min(epoch({x})) FROM {source} WHERE isfinite({x})"
    seconds = await _number(engine, span)
    return next((unit for unit, length in _UNITS.items() if seconds / length <= MOST_TIMES), "year")


def _aggregate(choice: ChartChoice) -> str:
    if choice.y is None or choice.aggregate == "count":
        return "count(*)"
    return f"{'avg' if choice.aggregate == 'mean' else choice.aggregate}(c{choice.y})"


async def _number(engine: Engine, sql: str) -> int:
    value = (await engine.execute(sql)).rows.column(0)[0].as_py()
    return int(value) if value is not None else 0


async def _data(
    engine: Engine,
    choice: ChartChoice,
    sql: str,
    unit: str = "",
    colours: _Colours = _NO_COLOURS,
    notes: tuple[str, ...] = (),
) -> ChartData:
    found = await engine.execute(sql)
    types = tuple(column.type for column in found.columns)
    return ChartData(choice, found.rows, types, sql, unit, colours.series, (*colours.notes, *notes))
