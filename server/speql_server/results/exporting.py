"""A whole result to a file."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pyarrow as pa

from speql_engines.excel import check_size
from speql_engines.export import Export, ExportError
from speql_scheduler.results.arrangement import Arrangement
from speql_scheduler.results.held import Held
from speql_scheduler.results.held_results import HeldResults
from speql_server.protocol import Exported, ExportParams

PAGE_ROWS = 100_000


async def export(results: HeldResults, held: Held, arrangement: Arrangement, asked: ExportParams) -> Exported:
    """Write a result that is being read to the file that was asked for, page by page; cancelling leaves no file.

    Raises :class:`~speql_engines.export.ExportError`, :class:`~speql_engines.excel.ExcelError` for more than a sheet
    takes, or :class:`~speql_engines.EngineError` of a filter.
    """
    path = path_of(asked.path)
    first = await results.page(held, arrangement, 0, PAGE_ROWS)
    if asked.format == "xlsx":
        check_size(first.total_rows, len(held.columns))
    loop, file = asyncio.get_running_loop(), Export(path, asked.format, overwrite=asked.overwrite)

    def batches() -> Iterator[pa.RecordBatch]:
        page, start = first, 0
        while True:
            yield from page.result.rows.to_batches()
            start += PAGE_ROWS
            if start >= first.total_rows:
                return
            page = asyncio.run_coroutine_threadsafe(results.page(held, arrangement, start, PAGE_ROWS), loop).result()

    writing = loop.run_in_executor(None, file.run, first.result.rows.schema, batches())
    try:
        size = await asyncio.shield(writing)
    except asyncio.CancelledError:
        file.stop()
        await asyncio.wait({writing})
        raise
    return Exported(path=str(path), rows=first.total_rows, bytes=size)


def path_of(text: str) -> Path:
    """The file that a client names; `ExportError` if it is not absolute."""
    parts = urlsplit(text)
    path = Path(url2pathname(parts.path) if parts.scheme == "file" else text).expanduser()
    if not path.is_absolute():
        raise ExportError(f"{text} is not an absolute path.", "Give the whole path, or a file: URI.")
    return path
