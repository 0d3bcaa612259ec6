"""A server in this process, behind a real socket: with a clock and engines of the test's own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from speql_server.app import SpeqlServer
from speql_server.client import Client
from speql_server.wire.framing import framed_bodies
from speql_server.wire.transport import serve_messages

from .conftest import Editor


@asynccontextmanager
async def served_here(
    server: SpeqlServer,
    *,
    answers: dict[str, Any] | None = None,
    options: Any = None,
    capabilities: Any = None,
) -> AsyncIterator[Editor]:
    """An editor of a server. What the server asks its client, ``answers`` answer, by method."""
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.messages.set_writer(writer)
        await serve_messages(server, framed_bodies(reader, lambda: server.messages.most_bytes))
        writer.close()
        done.set_result(None)

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    client = Client(*await asyncio.open_connection(*listener.sockets[0].getsockname()[:2]), answers=answers or {})
    client.listen()
    try:
        await client.initialize(options=options, capabilities=capabilities)
        yield Editor(client, "file:///query.sql")
        await client.request("shutdown")
        client.notify("exit")
    finally:
        await client.close()
        await asyncio.wait_for(done, 20)
        listener.close()
