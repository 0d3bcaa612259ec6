"""Writes rows to a sheet of Excel. What Excel would change, it gets as text."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import duckdb
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from speql_sql import SpeqlError

MOST_ROWS = 1_048_576 - 1
"""So many rows a sheet has below the names of the columns."""
MOST_COLUMNS = 16_384
MOST_CHARACTERS = 32_767
"""So long a text may be in a cell."""

_DIGITS = 15
"""Excel keeps so many digits of a number, and puts zeros in the place of the others."""
_BATCH = 10_000
_FIRST_DAY = "DATE '1900-03-01'"
"""Before that, Excel's calendar has a day that never was."""
_LAST_DAY = "DATE '9999-12-31'"
_EPOCH = "DATE '1899-12-30'"

_INTEGERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"}
_TIMESTAMPS = {"TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"}

Kind = Literal["number", "boolean", "text"]


class ExcelError(SpeqlError):
    """Rows that a sheet of Excel does not take."""


def check_size(rows: int, columns: int) -> None:
    """Raise `ExcelError` for more than a sheet takes."""
    if rows > MOST_ROWS:
        raise ExcelError(
            f"The result has {rows:,} rows, and a sheet of Excel takes {MOST_ROWS:,} below the names.",
            "Filter the rows, or export to CSV or Parquet.",
        )
    if columns > MOST_COLUMNS:
        raise ExcelError(
            f"The result has {columns:,} columns, and a sheet of Excel takes {MOST_COLUMNS:,}.",
            "Select fewer, or export to CSV or Parquet.",
        )


def write_excel(
    writer: duckdb.DuckDBPyConnection, names: list[str], view: str, path: Path, stopped: Callable[[], bool]
) -> None:
    """Write the rows that ``view`` of a connection has, with a line of names, until ``stopped`` says so.

    Types are kept: numbers, booleans, dates and timestamps are such in the sheet. As text, as DuckDB writes it, come
    numbers with more than 15 digits, NaN and infinity, dates before March 1900 and after 9999, times with a zone, and
    everything that Excel has no type for. A text is never taken for a formula or a link. A row at a time is in memory.
    Raises `ExcelError`, `duckdb.Error`, `OSError`, and what the source of the view raises.
    """
    check_size(0, len(names))
    types = [str(row[1]) for row in writer.execute(f"DESCRIBE {view}").fetchall()]
    columns = [_column(f"c{at}", type_) for at, type_ in enumerate(types)]
    aliases = ", ".join(f"c{at}" for at in range(len(types)))
    expressions = ", ".join(expression for column in columns for expression in column.expressions)
    result = writer.execute(f"SELECT {expressions} FROM {view} AS speql_sheet({aliases})")
    # Until the file is whole, its rows are in a file of their own; it goes with its folder, whatever happens.
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".speql") as folder:
        book = xlsxwriter.Workbook(str(path), {"constant_memory": True, "tmpdir": folder})
        sheet = book.add_worksheet("Rows")
        try:
            _write_names(book, sheet, names, columns)
            _write_rows(book, sheet, columns, result, stopped)
            if not stopped():
                book.close()
        finally:
            # What is not finished is closed here: the library closes its files with the book only.
            if sheet.row_data_fh is not None:
                sheet.row_data_fh.close()


class _Column:
    """How a column of a type is written: two expressions, the value as Excel has it, and else its text."""

    def __init__(self, kind: Kind, value: str, text: str, format_: str = "", width: int = 10) -> None:
        self.kind: Kind = kind
        self.expressions = (value, text)
        self.format = format_
        self.width = width


def _column(name: str, type_: str) -> _Column:
    text = f"CAST({name} AS VARCHAR)"
    if type_ == "BOOLEAN":
        return _Column("boolean", name, "NULL")
    if type_ in _INTEGERS:
        return _number(name, f"{name} BETWEEN -{10**_DIGITS - 1} AND {10**_DIGITS - 1}")
    if type_.startswith("DECIMAL"):
        width, scale = (int(part) for part in type_.removeprefix("DECIMAL(").removesuffix(")").split(","))
        # Zeros before and behind the others are no digits that can be lost.
        digits = f"length(trim(replace(replace({text}, '-', ''), '.', ''), '0')) <= {_DIGITS}"
        shown = f"0.{'0' * scale}" if scale else "0"
        return _number(name, "true" if width <= _DIGITS else digits, shown)
    if type_ in ("FLOAT", "DOUBLE"):
        value = f"CAST({text} AS DOUBLE)" if type_ == "FLOAT" else name  # 0.1, not 0.10000000149011612
        return _either(f"isfinite({name})", value, text)
    if type_ == "DATE":
        held = f"{name} BETWEEN {_FIRST_DAY} AND {_LAST_DAY}"
        return _either(held, f"CAST({name} - {_EPOCH} AS DOUBLE)", text, "yyyy-mm-dd", 12)
    if type_ in _TIMESTAMPS:
        at = f"CAST({name} AS TIMESTAMP)"  # nanoseconds end in the year 2262, and cannot be compared with a later one
        held = f"{at} >= {_FIRST_DAY} AND {at} < {_LAST_DAY} + INTERVAL 1 DAY"
        days = f"epoch_us({at}) / 86400000000.0 + 25569"
        return _either(held, days, text, "yyyy-mm-dd hh:mm:ss", 20)
    return _Column("text", "NULL", text)


def _number(name: str, held: str, format_: str = "") -> _Column:
    return _either(held, f"CAST({name} AS DOUBLE)", f"CAST({name} AS VARCHAR)", format_)


def _either(held: str, value: str, text: str, format_: str = "", width: int = 10) -> _Column:
    return _Column(
        "number",
        f"CASE WHEN {held} THEN {value} END",
        f"CASE WHEN NOT ({held}) THEN {text} END",
        format_,
        width,
    )


def _write_names(book: xlsxwriter.Workbook, sheet: Worksheet, names: list[str], columns: list[_Column]) -> None:
    sheet.freeze_panes(1, 0)
    bold = book.add_format({"bold": True})
    for at, name in enumerate(names):
        _write_text(sheet, 0, at, name, bold)
        sheet.set_column(at, at, max(columns[at].width, min(len(name) + 2, 40)))


def _write_rows(
    book: xlsxwriter.Workbook,
    sheet: Worksheet,
    columns: list[_Column],
    result: duckdb.DuckDBPyConnection,
    stopped: Callable[[], bool],
) -> None:
    formats = [book.add_format({"num_format": column.format}) if column.format else None for column in columns]
    for row, cells in enumerate(_rows(result), start=1):
        if stopped():
            return
        if row > MOST_ROWS:
            check_size(row, len(columns))
        for at, column in enumerate(columns):
            _write(sheet, row, at, column.kind, cells[2 * at], cells[2 * at + 1], formats[at])


def _rows(result: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    while batch := result.fetchmany(_BATCH):
        yield from batch


def _write(sheet: Worksheet, row: int, at: int, kind: Kind, value: Any, text: str | None, format_: Any) -> None:
    if value is not None:
        if kind == "boolean":
            sheet.write_boolean(row, at, value)
        else:
            sheet.write_number(row, at, value, format_)
    elif text is not None:
        _write_text(sheet, row, at, text, None)


def _write_text(sheet: Worksheet, row: int, at: int, text: str, format_: Any) -> None:
    if len(text) > MOST_CHARACTERS:
        raise ExcelError(
            f"Row {row:,} has a text of {len(text):,} characters, and a cell of Excel takes {MOST_CHARACTERS:,}.",
            "Export to CSV, JSON or Parquet.",
        )
    if text.startswith("<r>") and text.endswith("</r>"):
        # XlsxWriter would take it for XML that it has written itself. In pieces it is the same text.
        sheet.write_rich_string(row, at, text[0], text[1], text[2:])
    elif text:
        sheet.write_string(row, at, text, format_)
