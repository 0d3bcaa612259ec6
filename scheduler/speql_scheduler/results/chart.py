"""A chart of a held result: which one fits its columns, and its data, aggregated by the engine."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

from speql_engines import Engine, ResultColumn
from speql_scheduler.results.arrangement import Filter
from speql_scheduler.results.held import Held
from speql_scheduler.results.profile import kind_of
from speql_scheduler.results.result_sql import ROW, where_sql

Mark = Literal["bar", "line", "point", "area"]
Aggregate = Literal["none", "sum", "mean", "min", "max", "count"]

MOST_POINTS = 5_000
MOST_BARS = 50
MOST_TIMES = 500
MOST_COLOURS = 12
BINS = 30

_UNITS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400, "week": 604_800, "month": 2_629_746}


@dataclass(frozen=True, slots=True)
class ChartChoice:
    """What is drawn against what, columns by their numbers. ``y`` None counts rows; ``x`` of a histogram is binned."""

    mark: Mark
    x: int
    y: int | None = None
    colour: int | None = None
    aggregate: Aggregate = "none"
    binned: bool = False


@dataclass(frozen=True)
class ChartData:
    """A chart and its points: columns ``x``, ``y`` and, where it has colours, ``colour``.

    ``unit`` is what times were cut to, empty if they were not. ``notes`` say what is not drawn.
    """

    choice: ChartChoice
    rows: pa.Table
    types: tuple[str, ...]
    sql: str
    unit: str = ""
    notes: tuple[str, ...] = ()


def proposed(columns: Sequence[ResultColumn]) -> ChartChoice | None:
    """The chart that fits the types of a result's columns; None if none of them can be drawn.

    A measure over time is a line, a measure by a category are bars, two measures are points, one alone is a histogram,
    a category alone is counted.
    """
    kinds = [kind_of(column.type) for column in columns]
    numbers = [number for number, kind in enumerate(kinds) if kind == "number"]
    times = [number for number, kind in enumerate(kinds) if kind == "time"]
    texts = [number for number, kind in enumerate(kinds) if kind == "text"]
    if times:
        colour = texts[0] if texts and numbers else None
        return ChartChoice("line", times[0], numbers[0] if numbers else None, colour, "sum" if numbers else "count")
    if texts:
        return ChartChoice("bar", texts[0], numbers[0] if numbers else None, None, "sum" if numbers else "count")
    if len(numbers) > 1:
        return ChartChoice("point", numbers[0], numbers[1])
    if numbers:
        return ChartChoice("bar", numbers[0], None, None, "count", binned=True)
    return None


async def chart(engine: Engine, held: Held, choice: ChartChoice, filters: Sequence[Filter] = ()) -> ChartData:
    """The data of a chart, aggregated by the engine to what can be drawn.

    :class:`~speql_engines.EngineError` if the columns cannot be drawn like this.
    """
    source = f"(SELECT * FROM {held.table.sql_name}{where_sql(held.columns, filters, held.dialect)}) AS speql_drawn"
    if choice.binned:
        return await _histogram(engine, choice, source)
    if choice.aggregate == "none":
        return await _points(engine, choice, source)
    return await _aggregated(engine, held, choice, source)


async def _points(engine: Engine, choice: ChartChoice, source: str) -> ChartData:
    """The rows themselves; of too many every so manieth."""
    total = await _number(engine, f"SELECT count(*) FROM {source}")
    every = -(-total // MOST_POINTS) if total else 1
    y = f"c{choice.y}" if choice.y is not None else "NULL"
    colour = f", c{choice.colour} AS colour" if choice.colour is not None else ""
    thinned = f" WHERE {ROW} % {every} = 0" if every > 1 else ""
    sql = f"SELECT c{choice.x} AS x, {y} AS y{colour} FROM {source}{thinned} ORDER BY {ROW}"
    notes = (f"Every {every}th of {total:,} rows is drawn.",) if every > 1 else ()
    return await _data(engine, choice, sql, notes=notes)


async def _aggregated(engine: Engine, held: Held, choice: ChartChoice, source: str) -> ChartData:
    x, unit, notes = f"c{choice.x}", "", []
    if kind_of(held.columns[choice.x].type) == "time":
        unit = await _unit(engine, x, source)
        x = f"date_trunc('{unit}', {x})" if unit else x
    colour = choice.colour
    if colour is not None and await _number(engine, f"SELECT count(DISTINCT c{colour}) FROM {source}") > MOST_COLOURS:
        notes.append(f"{held.columns[colour].name} has more than {MOST_COLOURS} values: no colours.")
        choice, colour = ChartChoice(choice.mark, choice.x, choice.y, None, choice.aggregate), None
    y, where = _aggregate(choice), ""
    coloured, grouped = (f", c{colour} AS colour", ", colour") if colour is not None else ("", "")
    if kind_of(held.columns[choice.x].type) != "time":
        groups = await _number(engine, f"SELECT count(DISTINCT {x}) FROM {source}")
        if groups > MOST_BARS:
            most = f"SELECT {x} AS x FROM {source} GROUP BY x ORDER BY {y} DESC NULLS LAST, x LIMIT {MOST_BARS}"
            where = f" WHERE {x} IN ({most})"
            notes.append(f"The {MOST_BARS} greatest of {groups:,} values are drawn.")
    sql = f"SELECT {x} AS x, {y} AS y{coloured} FROM {source}{where} GROUP BY x{grouped} ORDER BY x{grouped}"
    return await _data(engine, choice, sql, unit, tuple(notes))


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
    engine: Engine, choice: ChartChoice, sql: str, unit: str = "", notes: tuple[str, ...] = ()
) -> ChartData:
    found = await engine.execute(sql)
    return ChartData(choice, found.rows, tuple(column.type for column in found.columns), sql, unit, notes)
