"""Files that come to a folder beside a database: views that are found after the database's own names."""

from pathlib import Path

import duckdb

from speql_engines.duckdb.engine import DuckDBEngine


async def test_what_is_dropped_is_found_after_the_names_of_the_database(tmp_path: Path) -> None:
    database, folder = tmp_path / "my data.duckdb", tmp_path / "dropped"
    folder.mkdir()
    with duckdb.connect(str(database)) as connection:
        connection.execute("CREATE TABLE mine AS SELECT 1 AS n")
    engine = await DuckDBEngine.open(database, dropped=folder)
    try:
        first = await engine.catalog()
        assert [table.name for table in first.tables] == ["mine"]
        (folder / "more.csv").write_text("n,m\n2,3\n", encoding="utf-8")
        (folder / "mine.csv").write_text("n\n9\n", encoding="utf-8")
        second = await engine.catalog()
        assert second.version != first.version
        more, mine = second.find("more"), second.find("mine")
        assert more is not None
        assert mine is not None
        assert (more.database, mine.database) == ("memory", "my data")
        assert not more.unsafe, "it may be read while typing"
        result = await engine.execute("SELECT mine.n, more.m FROM mine, more")
        assert result.rows.to_pylist() == [{"n": 1, "m": 3}]
        (folder / "more.csv").unlink()
        assert (await engine.catalog()).find("more") is None
    finally:
        await engine.close()


async def test_a_database_in_memory_has_them_too(tmp_path: Path) -> None:
    engine = await DuckDBEngine.open(None, dropped=tmp_path)
    try:
        assert (await engine.catalog()).tables == ()
        (tmp_path / "a b.csv").write_text("n\n2\n", encoding="utf-8")
        assert [table.name for table in (await engine.catalog()).tables] == ["a_b"]
        assert engine.info.label == "in-memory"
    finally:
        await engine.close()
