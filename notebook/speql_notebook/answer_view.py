"""A result as a notebook shows it: an HTML table, or plain text in a terminal."""

import re
from functools import cached_property
from html import escape
from io import StringIO
from typing import Any

import pyarrow as pa
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from speql_notebook.cell_error import CellError
from speql_notebook.frames import frame_of
from speql_notebook.ran import Ran
from speql_server.protocol import Cell, Column

_NUMBER = re.compile(
    r"(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DECIMAL|NUMERIC|FLOAT|DOUBLE|REAL)\b.*(?<!\])", re.IGNORECASE
)

_STYLE = """
.speql-answer table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
.speql-answer th { text-align: left; vertical-align: bottom; }
.speql-answer th small { display: block; font-weight: normal; opacity: .7; }
.speql-answer td, .speql-answer th { padding: 2px 10px; white-space: pre; }
.speql-answer .number { text-align: right; }
.speql-answer .null { font-style: italic; opacity: .65; }
.speql-answer .facts { margin: 0 0 6px; }
.speql-answer .facts b { font-weight: 600; }
"""


class AnswerView:
    """The rows of a preview or a submit, with result states, row count, time, and where they were served from.

    A notebook shows the first rows of it; `arrow` and `df` give all.
    """

    def __init__(self, ran: Ran) -> None:
        self.preview = ran.preview
        self.database = ran.database
        self._table = ran.table

    @property
    def states(self) -> tuple[str, ...]:
        """What is known of the rows: ``exact``, ``sample``, ``predicted``, ``stale``, ``cached``."""
        return tuple(self.preview.states)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(column.name for column in self.preview.columns)

    @property
    def rows(self) -> list[list[Cell]]:
        """The first rows, as they are shown."""
        return self.preview.rows

    def arrow(self) -> pa.Table:
        """All rows, as an Arrow table. Of a long result the rest is computed now, and fails if the data has changed."""
        return self._whole

    def df(self, kind: str | None = None) -> Any:
        """All rows as a data frame: ``pandas``, ``polars`` or ``arrow``; without a word the first that is installed."""
        return frame_of(self._whole, kind)

    @cached_property
    def _whole(self) -> pa.Table:
        if self._table is None:
            raise CellError("SpeQL: This statement gives no rows that could be fetched.")
        return self._table()

    def _repr_html_(self) -> str:
        head = "".join(
            f'<th scope="col"{_class(column)}>{escape(column.name)}<small>{escape(column.type)}</small></th>'
            for column in self.preview.columns
        )
        rows = "".join(f"<tr>{''.join(self._html_cells(row))}</tr>" for row in self.preview.rows)
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>" if head else ""
        state, *others = self.facts()
        facts = " · ".join([f"<b>{escape(state)}</b>", *map(escape, others)])
        return f'<div class="speql-answer"><style>{_STYLE}</style><p class="facts">{facts}</p>{table}</div>'

    def __repr__(self) -> str:
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for column in self.preview.columns:
            table.add_column(Text(column.name), justify="right" if _is_number(column) else "left", no_wrap=True)
        for row in self.preview.rows:
            table.add_row(*(Text(cell_text(cell), style="italic" if cell is None else "") for cell in row))
        text = StringIO()
        if self.preview.columns:
            Console(file=text, width=160, color_system=None, highlight=False).print(table)
        lines = [line.rstrip() for line in text.getvalue().splitlines() if line.strip()]
        return "\n".join([*lines, " · ".join(self.facts())])

    def facts(self) -> list[str]:
        """Result states, rows, time, source and database, each a short text."""
        preview = self.preview
        milliseconds = preview.timings.total if preview.timings.total is not None else preview.timings.engine
        return [
            ", ".join(preview.states) or "done",
            self._row_count(),
            *([_duration(milliseconds)] if milliseconds is not None else []),
            self._source(),
            self.database,
        ]

    def _row_count(self) -> str:
        shown, total = len(self.preview.rows), self.preview.total_rows
        if total is None and self.preview.complete:
            total = shown
        if total is None:
            return f"first {shown:,} rows"
        count = f"{total:,} row{'' if total == 1 else 's'}"
        return count if shown == total else f"first {shown:,} of {count}"

    def _source(self) -> str:
        served = len(self.preview.served_from)
        if served:
            source = f"served from {served} temp table{'' if served == 1 else 's'}"
            return source if self.preview.temp_only else f"{source} and base tables"
        return "from the result cache" if "cached" in self.preview.states else "served from base tables"

    def _html_cells(self, row: list[Cell]) -> list[str]:
        return [
            f"<td{_class(column, is_null=cell is None)}>{escape(cell_text(cell))}</td>"
            for column, cell in zip(self.preview.columns, row, strict=True)
        ]


def cell_text(cell: Cell) -> str:
    """A cell as DuckDB writes it; the empty text is shown as two quotes."""
    if cell is None:
        return "NULL"
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return str(cell) or "''"


def _is_number(column: Column) -> bool:
    return _NUMBER.fullmatch(column.type) is not None


def _class(column: Column, *, is_null: bool = False) -> str:
    names = [*(["number"] if _is_number(column) else []), *(["null"] if is_null else [])]
    return f' class="{" ".join(names)}"' if names else ""


def _duration(milliseconds: float) -> str:
    if milliseconds < 1:
        return "< 1 ms"
    return f"{milliseconds:.0f} ms" if milliseconds < 999.5 else f"{milliseconds / 1_000:.1f} s"
