"""Statistics of the columns of a held result, computed by the engine."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

from speql_engines import Engine, Result, ResultColumn
from speql_scheduler.results.arrangement import Filter
from speql_scheduler.results.held import Held
from speql_scheduler.results.result_sql import where_sql

ColumnKind = Literal["number", "time", "text", "other"]

BINS = 20
MOST_VALUES = 10

_NUMBER = re.compile(r"(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|(DECIMAL|NUMERIC)(\([\d, ]+\))?|FLOAT|DOUBLE|REAL)")
_TIME = re.compile(r"(DATE|TIMESTAMP[A-Z_ ]*)")
_TEXT = re.compile(r"(VARCHAR|BOOLEAN|UUID|ENUM\(.*\)|TIME( WITH TIME ZONE)?|CHAR.*|TEXT)")


@dataclass(frozen=True)
class Bars:
    """How often values occur.

    Of a histogram ``labels`` is one row, the ``low`` and ``high`` end, and ``counts`` are those of bins of equal width
    between them; else ``labels`` has the values themselves, the most frequent first, and ``others`` rows have other
    ones. Infinite values are in no bin.
    """

    kind: Literal["histogram", "values"]
    labels: pa.Table
    counts: tuple[int, ...]
    others: int = 0


@dataclass(frozen=True)
class ColumnProfile:
    """What is known of a column of ``rows`` rows. ``ends`` are its least and greatest value, as one row of two columns,
    and its mean as a third where it is a number; None of types that have no order worth showing.
    """

    column: ResultColumn
    rows: int
    nulls: int
    distinct: int
    ends: pa.Table | None
    bars: Bars | None


def kind_of(type_: str) -> ColumnKind:
    """What can be done with values of a type."""
    spelled = type_.upper()
    if _NUMBER.fullmatch(spelled):
        return "number"
    if _TIME.fullmatch(spelled):
        return "time"
    return "text" if _TEXT.fullmatch(spelled) else "other"


async def profile(
    engine: Engine, held: Held, columns: Sequence[int], filters: Sequence[Filter] = ()
) -> tuple[ColumnProfile, ...]:
    """Profiles of columns, by their numbers, over the rows for which the filters hold.

    :class:`~speql_engines.EngineError` if a filter's value does not fit its column.
    """
    source = f"{held.table.sql_name}{where_sql(held.columns, filters, held.dialect)}"
    return tuple([await _profile(engine, held.columns[number], f"c{number}", source) for number in columns])


async def _profile(engine: Engine, column: ResultColumn, name: str, source: str) -> ColumnProfile:
    kind = kind_of(column.type)
    counted = await engine.execute(f"SELECT count(*), count({name}), count(DISTINCT {name}) FROM {source}")
    rows, filled, distinct = _counts(counted)
    if kind == "other" or not filled:
        return ColumnProfile(column, rows, rows - filled, distinct, None, None)
    mean = f", avg(CAST({name} AS DOUBLE)) AS mean" if kind == "number" else ""
    ends = await engine.execute(f"SELECT min({name}) AS low, max({name}) AS high{mean} FROM {source}")
    bars = (
        await _histogram(engine, name, kind, source)
        if kind in ("number", "time") and distinct > BINS
        else await _values(engine, name, source, filled)
    )
    return ColumnProfile(column, rows, rows - filled, distinct, ends.rows, bars)


async def _values(engine: Engine, name: str, source: str, filled: int) -> Bars:
    """The most frequent values; of two as frequent ones the lesser first."""
    most = MOST_VALUES + 1 if filled else 0
    found = await engine.execute(
        f"SELECT {name} AS value, count({name}) AS n FROM (SELECT {name} FROM {source}) AS speql_values "
        f"WHERE {name} IS NOT NULL GROUP BY {name} ORDER BY n DESC, value LIMIT {most}"
    )
    kept = found.rows.slice(0, MOST_VALUES)
    counts = tuple(int(count) for count in kept.column("n").to_pylist())
    return Bars("values", kept.select(["value"]), counts, filled - sum(counts))


async def _histogram(engine: Engine, name: str, kind: ColumnKind, source: str) -> Bars | None:
    """Bins of equal width over all finite values."""
    number = f"CAST({name} AS DOUBLE)" if kind == "number" else f"epoch({name})"
    finite = f"isfinite({number})" if kind == "number" else f"isfinite({name})"
    numbers = f"SELECT {number} AS x, {name} AS v FROM (SELECT {name} FROM {source}) AS speql_values WHERE {finite}"
    found = await engine.execute(
        f"WITH numbers AS ({numbers}), "
        "ends AS (SELECT min(x) AS least, max(x) AS most, min(v) AS low, max(v) AS high FROM numbers) "
        f"SELECT least(floor((x - least) / (most - least) * {BINS}), {BINS - 1}) AS bin, low, high, count(*) AS n "
        "FROM numbers, ends WHERE most > least AND isfinite(most - least) GROUP BY ALL ORDER BY bin"
    )
    if not found.rows.num_rows:
        return None
    by_bin = {int(row["bin"]): int(row["n"]) for row in found.rows.select(["bin", "n"]).to_pylist()}
    counts = tuple(by_bin.get(number, 0) for number in range(BINS))
    return Bars("histogram", found.rows.select(["low", "high"]).slice(0, 1), counts)


def _counts(result: Result) -> list[int]:
    return [int(column[0].as_py()) for column in result.rows.columns]
