"""One view of the widget: a language server on the widget's connection, whose messages go over the comm."""

import asyncio
from collections.abc import AsyncIterator, Callable

from speql_notebook.databases import Closes, Lease
from speql_server.app import SpeqlServer
from speql_server.wire.transport import serve_messages


class EditorPage(Closes):
    """Owned by the background loop. ``send`` sends a text to the view."""

    def __init__(self, lease: Lease, send: Callable[[str], None]) -> None:
        self._lease = lease
        self._bodies: asyncio.Queue[bytes | None] = asyncio.Queue()
        server = lease.connected.server()
        server.messages.set_writer(_Writer(send), include_headers=False)
        self._serving = asyncio.get_running_loop().create_task(self._serve(server), name="serving a widget")
        lease.closes(self)

    def receive(self, text: str) -> None:
        """Take a message of the view."""
        self._bodies.put_nowait(text.encode())

    async def aclose(self) -> None:
        """End the server, and wait until it has ended."""
        self._bodies.put_nowait(None)
        await asyncio.gather(self._serving, return_exceptions=True)
        self._lease.leave(self)

    async def _serve(self, server: SpeqlServer) -> None:
        await serve_messages(server, self._incoming())

    async def _incoming(self) -> AsyncIterator[bytes]:
        while (body := await self._bodies.get()) is not None:
            yield body


class _Writer:
    """What pygls writes to."""

    def __init__(self, send: Callable[[str], None]) -> None:
        self._send = send

    def write(self, data: bytes) -> None:
        """Send a message."""
        self._send(data.decode())

    def close(self) -> None:
        """Nothing: there is no stream to close."""
