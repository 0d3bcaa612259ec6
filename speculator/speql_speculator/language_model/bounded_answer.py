"""How much of an answer is read: an endpoint may send without end, or little that unpacks to gigabytes."""

from collections.abc import AsyncIterator

import httpx2

from speql_sql import SpeqlError

MOST_BYTES = 32 * 1024 * 1024
"""A long streamed answer has a few hundred bytes a token, the vectors of a batch of texts some megabytes."""


class UnboundedAnswerError(SpeqlError):
    """An answer is packed, or larger than any that was asked for. Never leaves the client: it is a malformed answer."""


async def ask_unpacked(request: httpx2.Request) -> None:
    """A hook for requests: the answer is not to be packed, so that what is received is what is held."""
    request.headers["accept-encoding"] = "identity"


async def read_bounded(response: httpx2.Response) -> None:
    """A hook for responses: reading stops past the limit, and a packed answer, which nobody asked for, is not read."""
    if response.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise UnboundedAnswerError("The answer is packed.")
    if isinstance(response.stream, httpx2.AsyncByteStream):
        response.stream = _BoundedStream(response.stream)


class _BoundedStream(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream
        self._read = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._stream:
            self._read += len(piece)
            if self._read > MOST_BYTES:
                raise UnboundedAnswerError("The answer is larger than any that was asked for.")
            yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()
