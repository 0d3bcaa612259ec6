"""Files that the user drops on a page: received, and tables at once."""

import asyncio
import json
import re
import shutil
from pathlib import Path

from websockets.asyncio.server import ServerConnection

from speql_engines.data_files import READERS, named, scan
from speql_server.play.open_pages import OpenPage
from speql_sql import SpeqlError

LARGEST_UPLOAD = 2 * 10**9
"""A file with more bytes is not taken: who has such a one names it when starting."""

_SPARE = 256 * 2**20
"""So much of the disk is left free."""


class UploadError(SpeqlError):
    """A file was not taken."""


async def receive_upload(connection: ServerConnection, page: OpenPage, name: str, size: int) -> None:
    """Receive a file in binary frames and answer with the table that it is, or with why it is none.

    An answer is a text frame: ``{"table": ...}`` or ``{"error": ...}``. Nothing is left of a file that was not taken.
    """
    part = page.coming / f"{id(connection):x}"
    try:
        target = page.dropped / _file_name(name)
        await _receive(connection, part, size)
        answer = {"table": await _place(page, part, target)}
    except UploadError as error:
        answer = {"error": str(error)}
    finally:
        await asyncio.to_thread(part.unlink, missing_ok=True)
    await connection.send(json.dumps(answer))


async def _receive(connection: ServerConnection, part: Path, size: int) -> None:
    if size > LARGEST_UPLOAD:
        raise _too_large(size)
    free = (await asyncio.to_thread(shutil.disk_usage, part.parent)).free
    if size > free - _SPARE:
        raise UploadError("The disk has no room for a copy of the file.", "Start speql play with its path instead.")
    received = 0
    with await asyncio.to_thread(part.open, "xb") as file:
        while received < size:
            frame = await connection.recv()
            if isinstance(frame, str):
                raise UploadError("The file was not sent as bytes.", "Load the page again.")
            received += len(frame)
            if received > size:
                raise UploadError("The file has changed while it was being sent.", "Drop it again.")
            await asyncio.to_thread(file.write, frame)


async def _place(page: OpenPage, part: Path, target: Path) -> str:
    """Have the file be a table of the page's connections; its name. One of the same name is replaced."""
    target = await _free_target(page, target)
    replaced = await asyncio.to_thread(target.exists)
    await asyncio.to_thread(part.replace, target)
    table = next(file.table for file in named(scan(page.dropped), page.dropped) if file.path == target)
    for server in tuple(page.servers):
        for opened in server.connections.opened:
            # Asking for the catalog is what has the engine look into the folder.
            if (await opened.catalog()).find(table, "main", "memory") is None and not replaced:
                await asyncio.to_thread(target.unlink, missing_ok=True)
                server.data_changed()
                raise UploadError(f"{target.name} cannot be read as a table.", "Is it whole, and what its ending says?")
        server.data_changed()
    return table


async def _free_target(page: OpenPage, target: Path) -> Path:
    """The path, with a number in its name if a table of the database is called so already."""
    if await asyncio.to_thread(target.exists):
        return target
    catalogs = [await opened.catalog() for server in tuple(page.servers) for opened in server.connections.opened]
    ending = _ending(target.name)
    stem, number = target.name[: -len(ending)], 1
    while any(catalog.find(re.sub(r"\W+", "_", target.name[: -len(ending)]).strip("_")) for catalog in catalogs):
        number += 1
        target = target.with_name(f"{stem}_{number}{ending}")
    return target


def _file_name(name: str) -> str:
    """The name as it is safe on disk: no folders, no control characters, not endless."""
    last = re.split(r"[\\/]", name)[-1]
    ending = _ending(last)
    if not ending:
        raise UploadError(f"{last[:80]} is no data file.", f"Drop a file that ends in {', '.join(READERS)}.")
    stem = re.sub(r"[^\w .()-]+", "_", last[: -len(ending)]).strip(" .")[:80]
    return f"{stem or 'file'}{ending}"


def _ending(name: str) -> str:
    lower = name.lower()
    return next((ending for ending in sorted(READERS, key=len, reverse=True) if lower.endswith(ending)), "")


def _too_large(size: int) -> UploadError:
    largest = LARGEST_UPLOAD // 10**9
    return UploadError(
        f"The file has {size / 10**9:.1f} GB; files of up to {largest} GB are taken.",
        "Start speql play with its path instead: then it is read where it is.",
    )
