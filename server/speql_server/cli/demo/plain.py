"""The demo as plain lines, for pipes, logs and CI."""

import sys
from typing import TextIO

from speql_server.cli.demo.dataset import DESCRIPTION
from speql_server.cli.demo.demo_query import DemoQuery
from speql_server.cli.demo.report import DemoReport
from speql_server.cli.demo.wording import job_line, preview_facts, report_lines
from speql_server.protocol import Cell, Jobs, Preview

_ROWS_SHOWN = 10


class PlainLines:
    """Writes one line for each line typed, each new preview and each job that ends."""

    def __init__(self, stream: TextIO = sys.stdout) -> None:
        self._stream = stream
        self._lines_typed = 0
        self._loaded_tenths = -1
        self._shown: tuple[object, ...] = ()
        self._ended: set[tuple[str, str]] = set()
        self._last: Preview | None = None

    def __enter__(self) -> "PlainLines":
        return self

    def __exit__(self, *exception: object) -> None:
        self._stream.flush()

    def loading(self, label: str, share: float) -> None:
        """One line a tenth."""
        if int(share * 10) > self._loaded_tenths:
            self._loaded_tenths = int(share * 10)
            self._write(f"data     {share:4.0%} {label}")

    def started(self, query: DemoQuery, database: str) -> None:
        """The data and the question."""
        self._write(f"data     {database or DESCRIPTION}")
        self._write(f"query    {query.name}: {query.question}".rstrip(": "))

    def typed(self, text: str, version: int) -> None:
        """Each finished line, once."""
        self._typed(text)

    def _typed(self, text: str) -> None:
        lines = text.split("\n")
        for line in lines[self._lines_typed : -1]:
            self._write(f"typed    {line}")
        self._lines_typed = max(self._lines_typed, len(lines) - 1)

    def previewed(self, preview: Preview) -> None:
        """A preview that shows something else than the one before."""
        self._last = preview
        if preview.outcome != "rows":
            return
        shown = (preview.breadcrumb, [column.name for column in preview.columns], preview.rows, preview.states)
        if shown != self._shown:
            self._shown = shown
            states = ", ".join(preview.states)
            self._write(f"preview  {' › '.join(preview.breadcrumb)}: {states} · {preview_facts(preview)}")

    def jobs_changed(self, jobs: Jobs) -> None:
        """Each temp table, once, when it ends."""
        for job in jobs.nodes:
            if job.kind == "create" and job.state in ("done", "failed") and (job.key, job.state) not in self._ended:
                self._ended.add((job.key, job.state))
                self._write(f"job      {job_line(job)}")

    def said(self, message: str) -> None:
        """As it is."""
        self._write(f"         {message}")

    def submitted(self, text: str) -> None:
        """The line that was typed last, and that it was submitted."""
        self._typed(text + "\n")
        self._lines_typed = text.count("\n") + 1  # an edit inside the text is told in words, not line by line
        self._write("submit")

    def finished(self, report: DemoReport) -> None:
        """The rows, then the figures."""
        if self._last is not None and self._last.outcome == "rows":
            for line in _text_table(self._last):
                self._write(f"  {line}")
        for line in report_lines(report):
            self._write(line)

    def _write(self, line: str) -> None:
        self._stream.write(line + "\n")
        self._stream.flush()


def _text_table(preview: Preview) -> list[str]:
    """Aligned columns: numbers to the right."""
    header = [column.name for column in preview.columns]
    rows = [[_text(cell) for cell in row] for row in preview.rows[:_ROWS_SHOWN]]
    widths = [max(len(line[index]) for line in [header, *rows]) for index in range(len(header))]
    numeric = [
        any(isinstance(row[index], int | float) for row in preview.rows[:_ROWS_SHOWN]) for index in range(len(header))
    ]

    def laid_out(line: list[str]) -> str:
        cells = zip(line, widths, numeric, strict=True)
        return "  ".join(cell.rjust(width) if right else cell.ljust(width) for cell, width, right in cells).rstrip()

    more = len(preview.rows) - len(rows)
    return [laid_out(header), *map(laid_out, rows), *([f"... and {more} more"] if more > 0 else [])]


def _text(cell: Cell) -> str:
    return "NULL" if cell is None else str(cell)
