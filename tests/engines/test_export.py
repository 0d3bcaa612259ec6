"""Rows written to files, read again by DuckDB."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from speql_engines.export import Export, ExportError

SCHEMA = pa.schema({"n": pa.int64(), "text": pa.string(), "list": pa.list_(pa.int32())})
ROWS = [
    {"n": 1, "text": 'it\'s "quoted", with a comma', "list": [1, 2]},
    {"n": None, "text": "two\nlines", "list": None},
    {"n": 2**60, "text": "", "list": []},
]


def batches() -> Iterator[pa.RecordBatch]:
    for row in ROWS:
        yield pa.RecordBatch.from_pylist([row], SCHEMA)


@pytest.mark.parametrize("format_", ["csv", "parquet", "json", "jsonl"])
def test_what_is_written_can_be_read(tmp_path: Path, format_) -> None:
    path = tmp_path / f"it's.{format_}"
    assert Export(path, format_).run(SCHEMA, batches()) == path.stat().st_size > 0
    reader = "read_json" if format_.startswith("json") else f"read_{format_}"
    found = duckdb.sql(f"SELECT n, text, list::INTEGER[] AS list FROM {reader}($${path}$$)").fetchall()
    if format_ == "csv":
        assert [(n, text or "", values) for n, text, values in found] == [
            (1, ROWS[0]["text"], [1, 2]),
            (None, "two\nlines", None),
            (2**60, "", []),
        ]
    else:
        assert found == [tuple(row.values()) for row in ROWS]
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_a_file_is_replaced_only_if_that_was_said(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("mine")
    with pytest.raises(ExportError, match="there already"):
        Export(path, "csv").run(SCHEMA, batches())
    assert path.read_text() == "mine"
    Export(path, "csv", overwrite=True).run(SCHEMA, batches())
    assert path.read_text().startswith("n,text,list")


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="no folder"):
        Export(tmp_path / "a" / "rows.csv", "csv").run(SCHEMA, batches())


def test_a_failure_of_the_source_leaves_no_file(tmp_path: Path) -> None:
    def failing() -> Iterator[pa.RecordBatch]:
        yield from batches()
        raise LookupError("the engine is gone")

    with pytest.raises(LookupError, match="gone"):
        Export(tmp_path / "rows.parquet", "parquet").run(SCHEMA, failing())
    assert list(tmp_path.iterdir()) == []


def test_a_stopped_export_leaves_no_file(tmp_path: Path) -> None:
    export = Export(tmp_path / "rows.csv", "csv")

    def endless() -> Iterator[pa.RecordBatch]:
        while True:
            yield from batches()
            export.stop()

    with pytest.raises(ExportError, match="stopped"):
        export.run(SCHEMA, endless())
    assert list(tmp_path.iterdir()) == []


def test_columns_of_one_name(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    batch = pa.RecordBatch.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    Export(path, "csv").run(batch.schema, iter([batch]))
    assert path.read_text().splitlines()[1] == "1,2"
