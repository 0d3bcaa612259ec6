"""The protocol's frames: from a stream of bytes to the bodies of messages."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Callable

logger = logging.getLogger(__name__)

MOST_BYTES = 2**28
"""A message that is announced as longer is not believed."""

_LENGTH = re.compile(rb"content-length[ \t]*:[ \t]*(\d{1,18})[ \t]*\r?\n\Z", re.IGNORECASE)


async def framed_bodies(
    reader: asyncio.StreamReader, most_bytes: Callable[[], int] = lambda: MOST_BYTES
) -> AsyncIterator[bytes]:
    """The bodies of the messages of a stream, until its end. Other headers than the length are passed over.

    After a wrong length the stream is in step again at the next header: it is looked for at the end of each line,
    because a body that was announced as too short ends where the next header begins. Raises ``EOFError`` if the
    stream ends within a body.
    """
    length: int | None = None
    while True:
        try:
            line = await reader.readline()
        except ValueError:  # a line longer than any header
            logger.warning("Bytes that belong to no message were passed over")
            continue
        if not line:
            return
        if length and not line.strip():
            yield await reader.readexactly(length)
            length = None
        elif found := _LENGTH.search(line):
            length = int(found[1])
            if length > most_bytes():
                logger.error("A message of %d bytes was announced; the most that is read is %d", length, most_bytes())
                length = None
