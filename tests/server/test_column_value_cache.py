"""The values of columns: asked for in the background, within limits, and never of what may not be speculated."""

import asyncio
from typing import Any, cast

import pyarrow as pa
import pytest

from speql_engines import Engine, EngineError
from speql_server.column_value_cache import ColumnValueCache
from speql_speculator.completing.column_values import MOST_VALUES, ColumnName, literals, values_query
from speql_sql import Catalog, Column, Table

NAME = ColumnName("", "main", "t", "a")


def catalog(version: str = "1", kind: str = "VARCHAR", unsafe: str = "") -> Catalog:
    return Catalog((Table("t", (Column("a", kind),), unsafe=unsafe),), version=version)


class _Engine:
    """Answers with what it is given, an error or never."""

    def __init__(self, answer: Any) -> None:
        self.answer, self.asked, self.cancelled = answer, list[str](), 0

    async def execute(self, sql: str, max_rows: int | None = None) -> Any:
        self.asked.append(sql)
        if self.answer is None:
            try:
                await asyncio.Event().wait()
            finally:
                self.cancelled += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return type("Result", (), {"rows": pa.table({"value": self.answer})})()


async def known(engine: _Engine, asked: Catalog) -> Any:
    cache = ColumnValueCache(cast(Engine, engine))
    cache.ask(NAME, asked)
    await cache.settled()
    found = cache.known(asked)
    await cache.close()
    return found


async def test_values_are_kept_for_a_version_of_the_catalog() -> None:
    engine = _Engine(["x", "it's"])
    cache = ColumnValueCache(cast(Engine, engine))
    assert cache.known(catalog()) == {}
    for _ in range(3):
        cache.ask(NAME, catalog())
        await cache.settled()
    assert cache.known(catalog()) == {NAME: ("'x'", "'it''s'")}
    assert cache.known(catalog("2")) == {}
    assert len(engine.asked) == 1
    cache.ask(NAME, catalog("2"))
    await cache.settled()
    assert len(engine.asked) == 2


async def test_too_many_values_and_errors_are_none() -> None:
    assert await known(_Engine([str(number) for number in range(MOST_VALUES + 1)]), catalog()) == {NAME: ()}
    assert await known(_Engine(EngineError("no")), catalog()) == {NAME: ()}


async def test_what_takes_too_long_is_cancelled_and_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("speql_server.column_value_cache.TIME_LIMIT", 0.01)
    engine = _Engine(None)
    cache = ColumnValueCache(cast(Engine, engine))
    for _ in range(5):
        cache.ask(NAME, catalog())
        await cache.settled()
    assert engine.cancelled == len(engine.asked) == 3
    assert cache.known(catalog()) == {NAME: ()}


async def test_closing_stops_what_is_asked() -> None:
    engine = _Engine(None)
    cache = ColumnValueCache(cast(Engine, engine))
    cache.ask(NAME, catalog())
    await asyncio.sleep(0)
    await cache.close()
    assert engine.cancelled == len(engine.asked)


@pytest.mark.parametrize(
    "refused",
    [
        catalog(unsafe="it calls random()"),
        catalog(kind="BLOB"),
        catalog(kind="VARCHAR[]"),
        catalog(kind="STRUCT(x INTEGER)"),
        Catalog(),
        Catalog(catalog().tables, user_functions=frozenset({"count"})),
    ],
)
async def test_what_may_not_be_asked_is_not(refused: Catalog) -> None:
    engine = _Engine(["x"])
    assert await known(engine, refused) == {NAME: ()}
    assert engine.asked == []


def test_the_query_reads_one_column_within_limits() -> None:
    assert values_query(NAME, catalog()) == (
        'SELECT value FROM (SELECT "a" AS value FROM "main"."t" LIMIT 1000000) AS looked_at '
        "WHERE value IS NOT NULL GROUP BY value ORDER BY count(*) DESC, value LIMIT 51"
    )


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 2], ("1", "2")),
        ([1.5], ("1.5",)),
        ([float("nan")], ()),
        (["a\nb"], ()),
        (["x" * 200], ()),
        (["", "'"], ("''", "''''")),
        ([True, False], ("true", "false")),
        ([b"x"], ()),
    ],
)
def test_constants_are_written_as_sql_has_them(values: list[Any], expected: tuple[str, ...]) -> None:
    assert literals(values) == expected
