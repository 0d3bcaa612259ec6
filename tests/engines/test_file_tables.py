"""A folder of data files as a database: names, safety, and changes of files while it is open."""

import gzip
from pathlib import Path

import duckdb
import pytest

from speql_engines import ConnectionFailedError, EngineError, open_engine
from speql_engines.data_files import MOST_FILES, named, scan
from speql_engines.duckdb import file_tables

NAMES: list[tuple[list[str], list[str]]] = [
    (["sales.csv", "stores.parquet"], ["sales", "stores"]),
    (["sales.csv", "sales.parquet"], ["sales_csv", "sales_parquet"]),
    (["a/sales.csv", "b/Sales.csv"], ["a_sales", "b_Sales"]),
    (["2024/sales.csv", "2024/stores.csv"], ["sales", "stores"]),
    (["2024-01.csv", "it's here.csv"], ["_2024_01", "it_s_here"]),
    (["x.csv.gz", "notes.txt", "x.sql", ".hidden/y.csv", "node_modules/z.csv"], ["x"]),
    (["a b.csv", "a-b.csv"], ["a_b_csv", "a_b_csv_2"]),
    (["---.csv"], ["file"]),
]


def make(folder: Path, names: list[str]) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("a\n1\n", encoding="utf-8")


@pytest.mark.parametrize(("files", "tables"), NAMES)
def test_names(tmp_path: Path, files: list[str], tables: list[str]) -> None:
    make(tmp_path, files)
    assert sorted(file.table for file in named(scan(tmp_path), tmp_path)) == tables


def test_no_more_than_can_be_looked_at_before_each_statement(tmp_path: Path) -> None:
    make(tmp_path, [f"f{number}.csv" for number in range(MOST_FILES + 5)])
    assert len(scan(tmp_path)) == MOST_FILES


def test_links_are_not_followed(tmp_path: Path) -> None:
    outside, folder = tmp_path / "outside.csv", tmp_path / "data"
    outside.write_text("a\n1\n", encoding="utf-8")
    folder.mkdir()
    (folder / "link.csv").symlink_to(outside)
    assert scan(folder) == ()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    parquet = str(folder / "sales.parquet")
    duckdb.sql("SELECT i AS id, i % 3 AS store FROM range(1000) t(i)").write_parquet(parquet)
    (folder / "stores.csv").write_text("store,name\n0,ought\n1,able\n2,ese\n", encoding="utf-8")
    (folder / "visits.jsonl").write_text('{"store": 1, "n": 7}\n', encoding="utf-8")
    return folder


async def rows(engine, sql: str) -> list[dict]:
    return (await engine.execute(sql)).rows.to_pylist()


async def test_each_file_is_a_table(data: Path) -> None:
    engine = await open_engine(str(data))
    try:
        assert engine.info.label == "data/"
        catalog = await engine.catalog()
        assert {table.name: table.row_count for table in catalog.tables} == {
            "sales": 1000,
            "stores": 3,
            "visits": 1,
        }
        assert [column.name for column in catalog.find("stores").columns] == ["store", "name"]
        assert not any(table.unsafe for table in catalog.tables), "they may be read while typing"
        sql = "SELECT name, count(*) AS n FROM sales JOIN stores USING (store) GROUP BY name ORDER BY name"
        assert await rows(engine, sql) == [
            {"name": "able", "n": 333},
            {"name": "ese", "n": 333},
            {"name": "ought", "n": 334},
        ]
        assert (await engine.estimate("SELECT * FROM stores")).rows_scanned > 0
        assert (await engine.estimate("SELECT * FROM sales WHERE id < 3")).rows_scanned > 0
    finally:
        await engine.close()


async def test_rows_of_small_files_are_counted(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = "".join(f"{number}\n" for number in range(20))
    (data / "a.csv").write_text(f"x\n{lines}", encoding="utf-8")
    (data / "b.csv.gz").write_bytes(gzip.compress(b"x\n1\n"))
    monkeypatch.setattr(file_tables, "COUNTED_BYTES", (data / "a.csv").stat().st_size + 20)
    engine = await open_engine(str(data))
    try:
        tables = (await engine.catalog()).tables
        counted = {table.name: table.row_count for table in tables}
        assert counted["a"] == (await rows(engine, "SELECT count(*) AS n FROM a"))[0]["n"] == 20
        assert counted["b"] is None
        assert counted["sales"] == 1000, "it tells them itself"
        assert counted["stores"] is None, "there was no more room"
    finally:
        await engine.close()


async def test_one_file(data: Path) -> None:
    engine = await open_engine(str(data / "stores.csv"))
    try:
        assert engine.info.label == "stores.csv"
        assert await rows(engine, "SELECT count(*) AS n FROM stores") == [{"n": 3}]
        with pytest.raises(EngineError):
            await engine.execute(f"FROM '{data / 'visits.jsonl'}'")
    finally:
        await engine.close()


async def test_files_that_change_are_another_version(data: Path) -> None:
    engine = await open_engine(str(data))
    try:
        before = await engine.data_version()
        assert await engine.data_version() == before
        (data / "stores.csv").write_text("store,city,open\n0,Rome,true\n", encoding="utf-8")
        (data / "new.csv").write_text("x\n1\n", encoding="utf-8")
        (data / "visits.jsonl").unlink()
        assert await engine.data_version() != before
        catalog = await engine.catalog()
        assert sorted(table.name for table in catalog.tables) == ["new", "sales", "stores"]
        assert [column.name for column in catalog.find("stores").columns] == ["store", "city", "open"]
        assert await rows(engine, "SELECT city FROM stores") == [{"city": "Rome"}]
    finally:
        await engine.close()


async def test_what_the_user_makes_is_the_users(data: Path) -> None:
    engine = await open_engine(str(data))
    try:
        await engine.submit("CREATE OR REPLACE VIEW stores AS SELECT random() AS r")
        await engine.submit("CREATE TABLE other AS SELECT 1 AS x")
        (data / "stores.csv").write_text("a\n1\n", encoding="utf-8")
        (data / "other.csv").write_text("a\n1\n", encoding="utf-8")
        catalog = await engine.catalog()
        assert [column.name for column in catalog.find("stores").columns] == ["r"]
        assert catalog.find("stores").unsafe
        assert await rows(engine, "SELECT * FROM other") == [{"x": 1}]
    finally:
        await engine.close()


async def test_a_file_that_cannot_be_read_is_no_table(data: Path) -> None:
    (data / "broken.parquet").write_text("no parquet", encoding="utf-8")
    engine = await open_engine(str(data))
    try:
        assert sorted(table.name for table in (await engine.catalog()).tables) == ["sales", "stores", "visits"]
    finally:
        await engine.close()


async def test_a_folder_without_data_says_what_to_name(tmp_path: Path) -> None:
    with pytest.raises(ConnectionFailedError, match="no data files") as raised:
        await open_engine(str(tmp_path))
    assert ".parquet" in raised.value.hint
