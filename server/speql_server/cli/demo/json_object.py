"""The demo as one JSON object."""

import sys
from dataclasses import asdict
from typing import TextIO

import msgspec

from speql_server.cli.demo.demo_query import DemoQuery
from speql_server.cli.demo.report import DemoReport, Submitted
from speql_server.protocol import Jobs, Preview


class JsonObject:
    """Says nothing until the end, then the report as one object on one line."""

    def __init__(self, stream: TextIO = sys.stdout) -> None:
        self._stream = stream

    def __enter__(self) -> "JsonObject":
        return self

    def __exit__(self, *exception: object) -> None:
        self._stream.flush()

    def loading(self, label: str, share: float) -> None:
        """Nothing."""

    def started(self, query: DemoQuery, database: str) -> None:
        """Nothing."""

    def typed(self, text: str, version: int) -> None:
        """Nothing."""

    def previewed(self, preview: Preview) -> None:
        """Nothing."""

    def jobs_changed(self, jobs: Jobs) -> None:
        """Nothing."""

    def said(self, message: str) -> None:
        """Nothing."""

    def submitted(self, text: str) -> None:
        """Nothing."""

    def finished(self, report: DemoReport) -> None:
        """The object."""
        value = asdict(report) | {
            "rows_equal": report.rows_equal,
            "work_ratio": report.work_ratio,
            "submit": _submitted(report.submit),
            "edit": None if report.edit is None else _submitted(report.edit),
        }
        self._stream.write(msgspec.json.encode(value).decode() + "\n")


def _submitted(submitted: Submitted) -> dict[str, object]:
    return asdict(submitted) | {"rows_equal": submitted.rows_equal, "ratio": submitted.ratio}
