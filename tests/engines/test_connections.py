"""From names to engines."""

import pytest

from speql_engines import ConnectionFailedError, open_engine


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.mark.parametrize("spelling", ["{}", "duckdb:{}", "duckdb://{}"])
async def test_files(database, spelling) -> None:
    engine = await open_engine(spelling.format(database))
    assert (await engine.execute("SELECT count(*) FROM sales")).rows.column(0).to_pylist() == [1000]
    await engine.close()


async def test_home_and_relative_paths(database, monkeypatch) -> None:
    monkeypatch.setenv("HOME", str(database.parent))
    monkeypatch.chdir(database.parent)
    for name in ("~/shop.duckdb", "shop.duckdb", "./shop.duckdb"):
        engine = await open_engine(name)
        assert engine.info.details["path"] == str(database)
        await engine.close()


@pytest.mark.parametrize("name", [None, ":memory:", "duckdb:", "duckdb::memory:"])
async def test_in_memory(name) -> None:
    engine = await open_engine(name, threads=1, memory_limit="100MB")
    assert engine.info.writable
    settings = await engine.execute("SELECT current_setting('threads') AS t, current_setting('memory_limit') AS m")
    assert settings.rows.to_pydict() == {"t": [1], "m": ["95.3 MiB"]}
    await engine.close()


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("postgres://nobody@127.0.0.1:1/x", "could not be reached"),
        ("snowflake://account/x", "Snowflake"),
        ("oracle://host/x", "opens DuckDB files"),
        ("md:my_db", "opens DuckDB files"),
        ("s3://bucket/x.duckdb", "opens DuckDB files"),
        ("", "is empty"),
        (" ", "is empty"),
        ("/no/such/file.duckdb", "does not exist"),
        ("a\0b", "null character"),
        ("~no_such_user_here/x.duckdb", "home"),
        ("x" * 5000, "cannot be opened"),
    ],
)
async def test_what_cannot_be_opened(name, says) -> None:
    with pytest.raises(ConnectionFailedError, match=says) as raised:
        await open_engine(name)
    assert raised.value.hint


async def test_an_unwritable_cache_is_no_obstacle(database, tmp_path, monkeypatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    engine = await open_engine(str(database))
    assert [path for path in tmp_path.iterdir() if path.name.startswith("speql-spill-")]
    await engine.close()
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("speql-spill-")]
