"""A server behind WebSockets: for clients in a browser, each message a text frame."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from speql_server.app import SpeqlServer, create_server
from speql_server.settings import ServerSettings
from speql_server.wire.access import Token, host_admitted, origin_admitted
from speql_server.wire.framing import MOST_BYTES
from speql_server.wire.threaded_writer import MOST_WAITING
from speql_server.wire.transport import announce_token, cannot_listen, serve_messages, until_stopped

logger = logging.getLogger(__name__)

PROTOCOL = "speql"
"""The subprotocol that a browser's client offers, beside the one that holds its token: see `tokens_said`."""

_TOKEN_PROTOCOL = "speql.token."
_FLUSH_SECONDS = 2.0


async def serve_websocket(
    settings: ServerSettings,
    host: str,
    port: int,
    token: Token,
    origins: Collection[str],
    announce: Callable[[str], object],
) -> int:
    """Serve each connection with a server object of its own, until the process is told to stop.

    A connection is refused before it is one: to another host's name, from a page of another origin (but ``origins``),
    without the token.
    """

    def refusal(connection: ServerConnection, request: Request) -> Response | None:
        status, reason = _refusal(request.path, request.headers, token, origins)
        if status is None:
            return None
        logger.warning("A connection was refused: %s", reason)
        return connection.respond(status, f"{reason}\n")

    async def connected(connection: ServerConnection) -> None:
        await serve_connection(create_server(settings), connection)

    try:
        listener: Server = await serve(
            connected,
            host,
            port,
            process_request=refusal,
            select_subprotocol=spoken_subprotocol,
            max_size=MOST_BYTES,
            compression=None,  # on one machine it costs time and saves none
            server_header=None,
        )
    except OSError as error:
        return cannot_listen(host, port, error, announce)
    for socket in listener.sockets:
        name, number = socket.getsockname()[:2]
        announce(f"SpeQL listens on ws://{f'[{name}]' if ':' in name else name}:{number}\n")
    announce_token(token, "?token= or the Authorization header", announce)
    async with listener:
        await until_stopped()
    return 0


async def serve_connection(server: SpeqlServer, connection: ServerConnection) -> None:
    """Have a server speak to the client of one connection, until either ends; both are closed then."""
    writer = _FrameWriter(connection)
    server.messages.set_writer(writer, include_headers=False)
    try:
        await serve_messages(server, _bodies(connection))
    finally:
        await writer.finish()


def _refusal(
    path: str, headers: Headers, token: Token, origins: Collection[str]
) -> tuple[HTTPStatus, str] | tuple[None, None]:
    """Why a connection may not be, with the status to answer."""
    hosts, given = headers.get_all("Host"), headers.get_all("Origin")
    if len(hosts) != 1 or not host_admitted(hosts[0]):
        return HTTPStatus.FORBIDDEN, "The host is not this machine."
    if len(given) > 1 or not origin_admitted(given[0] if given else None, origins):
        return HTTPStatus.FORBIDDEN, "Pages of this origin are not let in. Name it with --allow-origin."
    if not any(token.admits(one) for one in tokens_said(path, headers)):
        return HTTPStatus.UNAUTHORIZED, "The right token is missing."
    return None, None


def tokens_said(path: str, headers: Headers) -> list[str]:
    """The tokens that a request says: in the query, as `Authorization: Bearer`, or as a subprotocol.

    A browser's page can set no header, and addresses end up in logs: what it can do is to offer the subprotocols
    ``speql`` and ``speql.token.TOKEN``.
    """
    found = parse_qs(urlsplit(path).query).get("token", [])
    for header in headers.get_all("Authorization"):
        scheme, _, value = header.partition(" ")
        if scheme.lower() == "bearer":
            found.append(value.strip())
    for header in headers.get_all("Sec-WebSocket-Protocol"):
        offered = (one.strip() for one in header.split(","))
        found += [one.removeprefix(_TOKEN_PROTOCOL) for one in offered if one.startswith(_TOKEN_PROTOCOL)]
    return found


def spoken_subprotocol(connection: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    """The subprotocol that is spoken; never the one that holds the token."""
    return Subprotocol(PROTOCOL) if PROTOCOL in offered else None


async def _bodies(connection: ServerConnection) -> AsyncIterator[bytes]:
    try:
        async for message in connection:
            yield message.encode() if isinstance(message, str) else message
    except ConnectionClosed:
        logger.warning("The client is gone")


class _FrameWriter:
    """Sends messages in their order, one at a time; a client that has left very much unread is taken to be gone."""

    def __init__(self, connection: ServerConnection) -> None:
        self._connection = connection
        self._waiting: deque[bytes] = deque()
        self._bytes = 0
        self._sending: asyncio.Task[None] | None = None

    def write(self, data: bytes) -> None:
        """Queue a message."""
        self._bytes += len(data)
        self._waiting.append(data)
        if self._bytes > MOST_WAITING:
            logger.error("The client has stopped reading")
            self._waiting.clear()
            self._connection.transport.abort()
        elif self._sending is None or self._sending.done():
            self._sending = asyncio.get_running_loop().create_task(self._send_all(), name="writing to a websocket")

    def close(self) -> None:
        """Nothing yet: the server says its last words after pygls calls this."""

    async def finish(self) -> None:
        """Send what waits, if the client reads, and close the connection."""
        if self._sending is not None:
            await asyncio.wait({self._sending}, timeout=_FLUSH_SECONDS)
            self._sending.cancel()
        await self._connection.close()

    async def _send_all(self) -> None:
        try:
            while self._waiting:
                data = self._waiting.popleft()
                await self._connection.send(data.decode())
                self._bytes -= len(data)
        except ConnectionClosed:
            self._waiting.clear()
