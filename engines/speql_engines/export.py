"""Writes rows to a file: DuckDB is the writer, wherever the rows come from; of Excel's files, XlsxWriter is."""

import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import duckdb
import pyarrow as pa

from speql_engines.duckdb.connection import literal
from speql_engines.excel import write_excel
from speql_sql import SpeqlError

ExportFormat = Literal["csv", "parquet", "json", "jsonl", "xlsx"]

_OPTIONS: dict[str, str] = {
    "csv": "FORMAT csv, HEADER true",
    "parquet": "FORMAT parquet, COMPRESSION zstd",
    "json": "FORMAT json, ARRAY true",
    "jsonl": "FORMAT json",
}


class ExportError(SpeqlError):
    """A file could not be written."""


class Export:
    """One file that is being written; `run` blocks, `stop` may be called from any thread."""

    def __init__(self, path: Path, format_: ExportFormat, *, overwrite: bool = False) -> None:
        self._path = path
        self._format: ExportFormat = format_
        self._overwrite = overwrite
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._writer: duckdb.DuckDBPyConnection | None = None

    def run(self, schema: pa.Schema, batches: Iterator[pa.RecordBatch]) -> int:
        """Write all rows; the size of the file in bytes.

        The file is there when it is whole: until then it has another name, and a failure leaves nothing.
        Raises `ExportError`, and what ``batches`` raises.
        """
        path = self._path
        if path.exists() and not self._overwrite:
            raise ExportError(f"{path} is there already.", "Choose another name, or say that it may be replaced.")
        if not path.parent.is_dir():
            raise ExportError(f"There is no folder {path.parent}.", "Make it first, or choose another one.")
        partial = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            self._write(schema, batches, partial)
            partial.replace(path)
        except OSError as error:
            raise ExportError(f"{path} cannot be written: {error.strerror or error}.") from error
        finally:
            with contextlib.suppress(OSError):
                partial.unlink(missing_ok=True)
        return path.stat().st_size

    def stop(self) -> None:
        """Have `run` end soon, with an `ExportError` and without a file."""
        self._stopped.set()
        with self._lock:
            if self._writer is not None:
                self._writer.interrupt()

    def _write(self, schema: pa.Schema, batches: Iterator[pa.RecordBatch], partial: Path) -> None:
        failures: list[BaseException] = []

        def guarded() -> Iterator[pa.RecordBatch]:
            # What is raised here would come out of DuckDB as text.
            try:
                for batch in batches:
                    if self._stopped.is_set():
                        return
                    yield batch
            except BaseException as error:
                failures.append(error)
                raise

        with duckdb.connect(":memory:") as writer:
            writer.execute("SET autoinstall_known_extensions = false; SET threads = 1")
            with self._lock:
                self._writer = writer
            try:
                rows = pa.RecordBatchReader.from_batches(schema, guarded())
                writer.register("speql_rows", rows)
                if self._format == "xlsx":
                    write_excel(writer, schema.names, "speql_rows", partial, self._stopped.is_set)
                else:
                    writer.execute(f"COPY speql_rows TO {literal(str(partial))} ({_OPTIONS[self._format]})")
            except duckdb.Error as error:
                if failures:
                    raise failures[0] from error
                if not self._stopped.is_set():
                    raise ExportError(f"{self._path} cannot be written: {str(error).splitlines()[0]}") from error
            finally:
                with self._lock:
                    self._writer = None
        if self._stopped.is_set():
            raise ExportError("The export was stopped.")
