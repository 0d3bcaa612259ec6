"""Rows written to sheets of Excel, read again by another library."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pyarrow as pa
import pytest
from openpyxl.utils.escape import unescape

from speql_engines.excel import MOST_CHARACTERS, MOST_ROWS, ExcelError, check_size
from speql_engines.export import Export, ExportError


def written(path: Path, query: str) -> list[tuple[Any, ...]]:
    """What a reader finds in the sheet that a query's rows were written to, the names first."""
    with duckdb.connect() as connection:
        rows = connection.sql(query).to_arrow_table()
    Export(path, "xlsx").run(rows.schema, iter(rows.to_batches()))
    book = openpyxl.load_workbook(path)
    try:
        return [tuple(as_excel_reads(cell.value) for cell in row) for row in book.active.iter_rows()]
    finally:
        book.close()


def as_excel_reads(value: Any) -> Any:
    """Excel reads ``_x0001_`` as the character of that number; the library that reads here leaves it."""
    return unescape(value) if isinstance(value, str) else value


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("42", 42),
        ("-7::TINYINT", -7),
        ("999999999999999", 999999999999999),
        ("1000000000000000", "1000000000000000"),
        ("9007199254740993", "9007199254740993"),
        ("170141183460469231731687303715884105727", "170141183460469231731687303715884105727"),
        ("708.63::DECIMAL(7,2)", 708.63),
        ("5.00::DECIMAL(7,2)", 5),
        ("1234567890123.45::DECIMAL(18,2)", 1234567890123.45),
        ("12345678901234.56::DECIMAL(18,2)", "12345678901234.56"),
        ("0.000000000000000001::DECIMAL(38,18)", 1e-18),
        ("-0.30::DECIMAL(38,2)", -0.3),
        ("0.1::FLOAT", 0.1),
        ("2.5::DOUBLE", 2.5),
        ("1e300::DOUBLE", 1e300),
        ("'nan'::DOUBLE", "nan"),
        ("'-infinity'::DOUBLE", "-inf"),
        ("true", True),
        ("DATE '2002-11-28'", datetime(2002, 11, 28)),
        ("DATE '1900-03-01'", datetime(1900, 3, 1)),
        ("DATE '1900-02-28'", "1900-02-28"),
        ("DATE '10000-01-01'", "10000-01-01"),
        ("DATE '0044-03-15 (BC)'", "0044-03-15 (BC)"),
        ("TIMESTAMP '2013-01-01 05:00:07'", datetime(2013, 1, 1, 5, 0, 7)),
        ("TIMESTAMP_NS '2013-01-01 05:00:07'", datetime(2013, 1, 1, 5, 0, 7)),
        ("TIMESTAMP 'infinity'", "infinity"),
        ("TIME '05:00:07'", "05:00:07"),
        ("INTERVAL 3 DAY", "3 days"),
        ("'UA'", "UA"),
        ("'NULL'", "NULL"),
        ("NULL", None),
        ("''", None),
        ("' padded '", " padded "),
        ("'=1+1'", "=1+1"),
        ("'https://example.org'", "https://example.org"),
        ("'<r><t>not xml</t></r>'", "<r><t>not xml</t></r>"),
        ("'<img src=x onerror=alert(1)>&'", "<img src=x onerror=alert(1)>&"),
        ("chr(1) || 'a'", "\x01a"),
        ("'_x0041_'", "_x0041_"),
        ("[1, NULL]", "[1, NULL]"),
        ("{'a': 'b'}", "{'a': b}"),
        ("'red'::ENUM('red', 'green')", "red"),
        ("'3f333df6-90a4-4fda-8dd3-9485d27cee36'::UUID", "3f333df6-90a4-4fda-8dd3-9485d27cee36"),
    ],
)
def test_a_value_is_kept_as_it_is(tmp_path: Path, expression: str, found: Any) -> None:
    names, row = written(tmp_path / "rows.xlsx", f"SELECT {expression} AS value, 1 AS one")
    assert names == ("value", "one")
    value = row[0]
    if isinstance(value, datetime):
        value = value.replace(microsecond=round(value.microsecond, -3) % 1_000_000)
    assert value == found
    assert type(value) is type(found) or isinstance(found, int | float)


def test_a_time_with_a_zone_keeps_its_instant(tmp_path: Path) -> None:
    _, row = written(tmp_path / "rows.xlsx", "SELECT TIMESTAMPTZ '2013-01-01 05:00:00+00' AS at, 1 AS one")
    assert datetime.fromisoformat(f"{row[0]}:00").astimezone(UTC) == datetime(2013, 1, 1, 5, tzinfo=UTC)


def test_numbers_and_dates_look_like_themselves(tmp_path: Path) -> None:
    path = tmp_path / "rows.xlsx"
    written(path, "SELECT 5.00::DECIMAL(7,2) AS paid, DATE '2002-11-28' AS sold_on, 1 AS paid")
    book = openpyxl.load_workbook(path)
    sheet = book.active
    assert [cell.number_format for cell in sheet[2]] == ["0.00", "yyyy-mm-dd", "General"]
    assert [cell.value for cell in sheet[1]] == ["paid", "sold_on", "paid"]
    assert (sheet.freeze_panes, sheet["A1"].font.bold) == ("A2", True)
    book.close()
    assert [file.name for file in tmp_path.iterdir()] == ["rows.xlsx"]


def test_many_rows_come_in_their_order(tmp_path: Path) -> None:
    rows = written(
        tmp_path / "rows.xlsx",
        "SELECT i, i / 2 AS half, CASE WHEN i % 3 = 0 THEN 't' || i END AS t FROM range(25_000) r(i)",
    )
    assert rows[1:] == [(i, i / 2, f"t{i}" if i % 3 == 0 else None) for i in range(25_000)]


@pytest.mark.parametrize(
    ("rows", "columns", "told"), [(MOST_ROWS + 1, 1, "1,048,576 rows"), (1, 16_385, "16,385 columns")]
)
def test_what_a_sheet_does_not_take_is_refused_with_what_to_do(rows: int, columns: int, told: str) -> None:
    check_size(MOST_ROWS, 16_384)
    with pytest.raises(ExcelError, match=f"{told}.*CSV or Parquet"):
        check_size(rows, columns)


def test_more_rows_than_a_sheet_takes_leave_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("speql_engines.excel.MOST_ROWS", 3)
    with pytest.raises(ExcelError, match="Filter the rows"):
        written(tmp_path / "rows.xlsx", "SELECT * FROM range(4)")
    assert list(tmp_path.iterdir()) == []


def test_a_text_that_is_too_long_is_no_half_text(tmp_path: Path) -> None:
    with pytest.raises(ExcelError, match=r"Row 1 has a text of 32,768 characters.*Export to CSV"):
        written(tmp_path / "rows.xlsx", f"SELECT repeat('x', {MOST_CHARACTERS + 1}) AS t")
    assert list(tmp_path.iterdir()) == []


def test_a_stopped_export_leaves_nothing(tmp_path: Path) -> None:
    schema = pa.schema({"n": pa.int64()})
    export = Export(tmp_path / "rows.xlsx", "xlsx")

    def endless() -> Iterator[pa.RecordBatch]:
        while True:
            yield pa.RecordBatch.from_pylist([{"n": 1}] * 5_000, schema)
            export.stop()

    with pytest.raises(ExportError, match="stopped"):
        export.run(schema, endless())
    assert list(tmp_path.iterdir()) == []


def test_a_failure_of_the_source_is_told_as_it_is(tmp_path: Path) -> None:
    schema = pa.schema({"n": pa.int64()})

    def failing() -> Iterator[pa.RecordBatch]:
        yield pa.RecordBatch.from_pylist([{"n": 1}], schema)
        raise LookupError("the engine is gone")

    with pytest.raises(LookupError, match="gone"):
        Export(tmp_path / "rows.xlsx", "xlsx").run(schema, failing())
    assert list(tmp_path.iterdir()) == []
