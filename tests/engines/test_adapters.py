"""Adapters of others are found by the scheme of the database's name."""

from pathlib import Path

import pytest

from speql_engines import ConnectionFailedError, open_engine
from speql_engines.adapters import OpenOptions, schemes
from speql_sql.database_names import is_url, without_password

ADAPTER = """
opened = []
async def open_sheet(database, options):
    opened.append((database, options))
    return "the engine"
"""
ENTRY_POINTS = """
[speql.engines]
sheets = sheet_adapter:open_sheet
moon = moon_adapter:open_moon [lunar]
"""


@pytest.fixture
def other_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that adds two adapters, the driver of one of which is not installed."""
    (tmp_path / "sheet_adapter.py").write_text(ADAPTER)
    (tmp_path / "moon_adapter.py").write_text("import moon_driver\n")
    information = tmp_path / "sheet_adapter-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: sheet-adapter\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text(ENTRY_POINTS)
    monkeypatch.syspath_prepend(tmp_path)


@pytest.mark.usefixtures("other_package")
async def test_an_adapter_of_another_package_opens_its_scheme(tmp_path):
    assert await open_engine("Sheets://a/b", writable=True, threads=3, workspace=tmp_path) == "the engine"

    from sheet_adapter import opened

    assert opened == [("Sheets://a/b", OpenOptions(True, 3, None, (tmp_path,)))]
    assert {"sheets", "moon", "postgresql"} <= set(schemes())


@pytest.mark.usefixtures("other_package")
async def test_a_missing_driver_is_named_with_what_installs_it():
    with pytest.raises(ConnectionFailedError) as raised:
        await open_engine("moon://sea")

    assert "moon_driver" in raised.value.message
    assert "pip install 'sheet-adapter[lunar]'" in raised.value.hint


async def test_an_unknown_scheme_says_what_is_known():
    with pytest.raises(ConnectionFailedError) as raised:
        await open_engine("oracle://host/shop")

    assert "oracle" in raised.value.message
    assert "postgresql" in raised.value.hint


async def test_a_file_of_such_a_name_is_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "postgres:shop").write_text("no database")

    with pytest.raises(ConnectionFailedError) as raised:
        await open_engine("postgres:shop")

    assert "not a DuckDB" in raised.value.message or "DuckDB" in raised.value.hint


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("postgresql://ann:secret@host/shop", "postgresql://ann:...@host/shop"),
        ("postgresql://ann:se:cr%40et@host:5432/shop?a=b", "postgresql://ann:...@host:5432/shop?a=b"),
        (
            "postgresql://host/shop?password=secret&sslmode=require",
            "postgresql://host/shop?password=...&sslmode=require",
        ),
        ("host=h password='se cret' user=ann", "host=h password=... user=ann"),
        ("postgresql://ann@host/shop", "postgresql://ann@host/shop"),
        ("data/shop.duckdb", "data/shop.duckdb"),
    ],
)
def test_names_are_shown_without_passwords(name, shown):
    assert without_password(name) == shown
    assert is_url(name) is name.startswith("postgresql:")
