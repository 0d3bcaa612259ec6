"""The catalog between sessions: taken from a file, compared, written in part, made again when it is damaged."""

import logging
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from speql_engines.catalog_store import CatalogStore
from speql_engines.duckdb.catalog import read_catalog
from speql_engines.known_catalog import KnownCatalog
from speql_sql import Catalog, Table

SCHEMA = """
    CREATE TABLE region (id INTEGER PRIMARY KEY, name VARCHAR UNIQUE NOT NULL COLLATE NOCASE);
    CREATE TABLE shop (a INTEGER, region INTEGER REFERENCES region (id));
    CREATE VIEW names AS SELECT name FROM region;
    CREATE VIEW drawn AS SELECT random() AS r;
    CREATE MACRO plus_one(x) AS x + 1;
    INSERT INTO shop VALUES (1, NULL), (2, NULL);
"""


@pytest.fixture
def connection() -> Any:
    with duckdb.connect() as connection:
        connection.execute(SCHEMA)
        yield connection


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "catalog.sqlite"


def read(connection: Any, known: KnownCatalog | None = None, **more: Any) -> KnownCatalog:
    return read_catalog(connection, "none", "1", state="s", now=5.0, known=known, **more)


def plain(catalog: Catalog) -> list[Table]:
    return list(catalog.tables)


@pytest.mark.parametrize("large", [False, True])
def test_what_is_loaded_is_what_was_saved(
    connection: Any, path: Path, large: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if large:
        for module in ("speql_sql.catalog", "speql_engines.duckdb.catalog"):
            monkeypatch.setattr(f"{module}.LARGE", 1)
    known = read(connection)
    assert all((table.packed is not None) is large for table in known.catalog.tables)
    CatalogStore(path).save(known)
    loaded = CatalogStore(path).load()
    assert loaded is not None
    assert plain(loaded.catalog) == plain(known.catalog)
    assert list(loaded.fingerprints) == list(known.fingerprints)
    assert (loaded.state, loaded.context, loaded.catalog.loaded_at) == ("s", known.context, 5.0)
    assert (loaded.catalog.path, loaded.catalog.user_functions) == (known.catalog.path, frozenset({"plus_one"}))
    assert [table.name for table in loaded.catalog.tables_by_column["name"]] == ["names", "region"]
    assert {table.name for table in loaded.catalog.tables if table.unsafe} == {"drawn"}


CHANGES: list[tuple[str, set[str]]] = [
    ("SELECT 1", set()),
    ("INSERT INTO shop VALUES (3, NULL)", set()),
    ("CREATE TABLE fresh (a INTEGER)", {"fresh", "names", "drawn"}),
    ("ALTER TABLE shop ADD COLUMN city VARCHAR", {"shop", "names", "drawn"}),
    ("DROP VIEW drawn", {"names"}),
    ("CREATE OR REPLACE VIEW names AS SELECT id FROM region", {"names", "drawn"}),
    ("CREATE MACRO shout(x) AS upper(x)", set()),
    ("SET default_collation = 'NOCASE'", {"region", "shop", "names", "drawn"}),
]


@pytest.mark.parametrize(("change", "read_again"), CHANGES, ids=[change for change, _ in CHANGES])
def test_only_what_has_changed_is_read_again(
    connection: Any, path: Path, change: str, read_again: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    known = read(connection)
    store = CatalogStore(path)
    store.save(known)
    connection.execute(change)
    again: list[str] = []
    monkeypatch.setattr(
        "speql_engines.duckdb.catalog._TableReader._table",
        _noting(again),
    )
    found = read(connection, known)
    assert set(again) == read_again
    whole = read(connection)
    assert plain(found.catalog) == plain(whole.catalog)
    assert found.catalog.user_functions == whole.catalog.user_functions
    store.save(found)
    loaded = CatalogStore(path).load()
    assert loaded is not None
    assert plain(loaded.catalog) == plain(whole.catalog)


def _noting(names: list[str]) -> Callable[..., Table]:
    from speql_engines.duckdb.catalog import _TableReader

    original = _TableReader._table

    def table(self: Any, one: Any, columns: Any, keys: Any) -> Table:
        names.append(one.name[-1])
        return original(self, one, columns, keys)

    return table


def test_a_change_writes_only_itself(connection: Any, path: Path) -> None:
    known = read(connection)
    store = CatalogStore(path)
    store.save(known)
    before = path.stat().st_ino
    connection.execute("INSERT INTO shop VALUES (4, NULL)")
    with closing(sqlite3.connect(path)) as file:
        file.execute("CREATE TABLE written (name TEXT)")
        file.execute("CREATE TRIGGER noted AFTER INSERT ON tables BEGIN INSERT INTO written VALUES (new.name); END")
        file.commit()
    store.save(read(connection, known))
    assert path.stat().st_ino == before
    with closing(sqlite3.connect(path)) as file:
        assert file.execute("SELECT name FROM written").fetchall() == [("shop",)]


DAMAGE: dict[str, Callable[[Path], object]] = {
    "no database": lambda path: path.write_bytes(b"nonsense" * 500),
    "cut off": lambda path: path.write_bytes(path.read_bytes()[:5000]),
    "empty": lambda path: path.write_bytes(b""),
    "another layout": lambda path: _execute(path, "DROP TABLE types"),
    "another format": lambda path: _execute(path, "UPDATE meta SET value = 99 WHERE name = 'format'"),
    "columns of nothing": lambda path: _execute(path, "UPDATE tables SET columns = x'05000000ff'"),
    "a type that is not there": lambda path: _execute(path, "DELETE FROM types"),
    "details that are no JSON": lambda path: _execute(path, "UPDATE tables SET details = '['"),
}


def _execute(path: Path, sql: str) -> None:
    with closing(sqlite3.connect(path)) as file:
        file.execute(sql)
        file.commit()


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_made_again(
    connection: Any, path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    known = read(connection)
    CatalogStore(path).save(known)
    DAMAGE[damage](path)
    store = CatalogStore(path)
    with caplog.at_level(logging.WARNING):
        assert store.load() is None
    assert len(caplog.records) == 1
    assert not path.exists()
    store.save(known)
    loaded = CatalogStore(path).load()
    assert loaded is not None
    assert plain(loaded.catalog) == plain(known.catalog)


def test_two_servers_leave_one_whole_state(connection: Any, path: Path) -> None:
    first_known = read(connection)
    first, second = CatalogStore(path), CatalogStore(path)
    first.save(first_known)
    known = second.load()
    assert known is not None
    connection.execute("CREATE TABLE by_first (a INTEGER)")
    newer = replace(read(connection, first_known), state="newer")
    first.save(newer)
    revision = _revision(path)
    # The second has read the same: it leaves the file as it is.
    second.save(replace(read(connection, known), state="newer"))
    assert _revision(path) == revision
    connection.execute("CREATE TABLE by_second (a INTEGER)")
    newest = replace(read(connection, newer), state="newest")
    second.save(newest)
    # And the first does not write its own difference into what the second has left.
    connection.execute("DROP TABLE by_first")
    last = replace(read(connection, newer), state="last")
    first.save(last)
    loaded = CatalogStore(path).load()
    assert loaded is not None
    assert plain(loaded.catalog) == plain(last.catalog)
    assert {path.name} == {entry.name for entry in path.parent.iterdir()}, "nothing is left beside it"


def _revision(path: Path) -> str:
    with closing(sqlite3.connect(path)) as file:
        found: str = file.execute("SELECT value FROM meta WHERE name = 'revision'").fetchone()[0]
        return found


def test_a_place_that_cannot_be_written_is_told_and_no_error(
    connection: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    CatalogStore(tmp_path / "file" / "catalog.sqlite").save(read(connection))
    assert "cannot be kept" in caplog.text


@pytest.fixture
async def sessions(open_duckdb: Any, database: Path, tmp_path: Path) -> Any:
    async def open_session(**more: Any) -> Any:
        return await open_duckdb(database, catalog_file=tmp_path / "catalog.sqlite", **more)

    return open_session


async def test_the_next_session_starts_with_the_saved_catalog(
    sessions: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await sessions()
    before = await first.catalog()
    await first.close()
    assert (tmp_path / "catalog.sqlite").exists()

    def never(*_: Any, **__: Any) -> Any:
        raise AssertionError("the catalog was read though nothing has changed")

    monkeypatch.setattr("speql_engines.duckdb.engine.read_catalog", never)
    second = await sessions()
    catalog = await second.catalog()
    assert plain(catalog) == plain(before)
    assert catalog.certain
    assert catalog.loaded_at == before.loaded_at
    age = catalog.age(time.time())
    assert age is not None
    assert age >= 0


async def test_a_saved_catalog_is_refreshed_after_a_table_has_changed(sessions: Any, database: Path) -> None:
    first = await sessions()
    await first.catalog()
    await first.close()
    with duckdb.connect(database) as connection:
        connection.execute("ALTER TABLE sales ADD COLUMN channel VARCHAR")
    catalog = await (await sessions()).catalog()
    assert catalog.certain
    assert catalog.find("sales").column("channel") is not None


async def test_a_large_saved_catalog_is_given_at_once_and_says_that_it_is_stale(
    sessions: Any, database: Path, until: Any
) -> None:
    first = await sessions()
    await first.catalog()
    await first.close()
    with duckdb.connect(database) as connection:
        connection.execute("ALTER TABLE sales ADD COLUMN channel VARCHAR")
    engine = await sessions(background_tables=0)
    catalog = await engine.catalog()
    assert catalog.stale
    assert catalog.find("sales").column("channel") is None
    assert catalog.age(time.time()) is not None
    version = catalog.version
    while not catalog.certain:
        catalog = await engine.catalog()
    assert catalog.version != version
    assert catalog.find("sales").column("channel") is not None


async def test_a_large_catalog_is_partial_until_it_is_read(open_duckdb: Any, database: Path) -> None:
    engine = await open_duckdb(database, background_tables=0)
    first = await engine.catalog()
    assert first.partial
    assert [(table.name, table.listed_only) for table in first.tables] == [("big", True), ("sales", True)]
    catalog = first
    while not catalog.certain:
        catalog = await engine.catalog()
    assert {len(table.columns) for table in catalog.tables} == {2, 4}
    assert not any(table.listed_only for table in catalog.tables)


async def test_a_write_makes_a_large_catalog_stale_at_once(open_duckdb: Any, database: Path) -> None:
    engine = await open_duckdb(database, background_tables=0, writable=True)
    while not (catalog := await engine.catalog()).certain:
        pass
    await engine.submit("CREATE TABLE fresh (a INTEGER)")
    stale = await engine.catalog()
    assert stale.stale
    assert stale.find("fresh") is None
    while not (catalog := await engine.catalog()).certain:
        pass
    assert catalog.find("fresh") is not None


async def test_two_sessions_at_once_share_the_file(sessions: Any) -> None:
    first, second = await sessions(), await sessions()
    assert plain(await first.catalog()) == plain(await second.catalog())
    await first.close()
    await second.close()
    assert (await (await sessions()).catalog()).find("big") is not None
