"""A server on its streams: standard input and output, or one TCP connection after another."""

import asyncio
import contextlib
import logging
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

from speql_server.app import SpeqlServer, create_server
from speql_server.settings import ServerSettings
from speql_server.wire.framing import framed_bodies
from speql_server.wire.greeting import Greeting
from speql_server.wire.lsp_protocol import NotAdmittedError
from speql_server.wire.threaded_writer import MOST_WAITING, ThreadedWriter

if TYPE_CHECKING:
    from speql_server.wire.access import Token

logger = logging.getLogger(__name__)

_CLOSE_SECONDS = 10.0
_WATCH_SECONDS = 3.0


async def serve_stdio(settings: ServerSettings, output: int, greeting: Greeting) -> int:
    """Serve the client at standard input and the descriptor `output`; the exit status that the protocol asks for.

    Ends when the client says ``exit``, closes the stream, or is no longer alive, and at SIGTERM and SIGINT.
    """
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=2**20)
    reader.feed_data(greeting.received)
    writer = ThreadedWriter(output, greeting.answered, lambda: loop.call_soon_threadsafe(reader.feed_eof))
    threading.Thread(target=pump, args=(sys.stdin.fileno(), reader, loop), name="speql-stdin", daemon=True).start()
    if sys.platform != "win32":
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, reader.feed_eof)
    server = create_server(settings)
    watch = loop.create_task(_watch_client(server, reader), name="watching the client")
    server.messages.set_writer(writer)
    try:
        bodies = framed_bodies(reader, lambda: server.messages.most_bytes)
        status = await serve_messages(server, bodies, owns_process=True)
    finally:
        watch.cancel()
    writer.flush()
    return status


async def serve_tcp(
    settings: ServerSettings, host: str, port: int, token: "Token", announce: Callable[[str], object]
) -> int:
    """Serve each connection with a server object of its own, until the process is told to stop.

    A client says the token in ``initialize``: before, the protocol lets it ask for nothing else.
    """
    connections: set[asyncio.Task[object]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        connections.add(task)
        server = create_server(settings)
        server.messages.admits = token.admits
        server.messages.set_writer(TcpWriter(writer))
        try:
            await serve_messages(server, framed_bodies(reader, lambda: server.messages.most_bytes))
        finally:
            connections.discard(task)
            writer.close()

    try:
        listener = await asyncio.start_server(connected, host, port, limit=2**20)
    except OSError as error:
        return cannot_listen(host, port, error, announce)
    for socket in listener.sockets:
        announce("SpeQL listens on {}:{}\n".format(*socket.getsockname()[:2]))
    announce_token(token, "initializationOptions.token", announce)
    async with listener:
        await until_stopped()
        for task in tuple(connections):
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)
    return 0


def cannot_listen(host: str, port: int, error: OSError, announce: Callable[[str], object]) -> int:
    """Say why there is no server; the exit status."""
    announce(f"SpeQL cannot listen on {host}:{port}: {error.strerror}. Choose another port; 0 takes a free one.\n")
    return 2


def announce_token(token: "Token", where: str, announce: Callable[[str], object]) -> None:
    """Say a token that nobody knows yet, and where it has to be said."""
    if token.generated:
        announce(f"Its token, for {where}: {token.value}\n")


async def until_stopped() -> None:
    """Wait for SIGTERM or SIGINT."""
    stopped = asyncio.Event()
    if sys.platform != "win32":
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    await stopped.wait()


async def serve_messages(server: SpeqlServer, bodies: AsyncIterator[bytes], *, owns_process: bool = False) -> int:
    """Hand messages to a server until the end, then close it; the exit status that the protocol asks for.

    ``owns_process``: the process is there for this server alone, and ends even if the server does not.
    """
    asyncio.get_running_loop().set_exception_handler(_log_unhandled)
    status = 1
    try:
        async for body in bodies:
            server.messages.receive(body)
            # Bytes that are there already are read without waiting: let what they have set in motion have its turn.
            await asyncio.sleep(0)
    except SystemExit as exit_:
        # pygls answers the ``exit`` notification with sys.exit(), from within the handler.
        status = int(exit_.code or 0)
    except NotAdmittedError:
        logger.warning("A client without the right token was sent away")
    except (EOFError, ValueError, ConnectionError) as error:
        logger.warning("The client is gone in the middle of a message: %s", type(error).__name__)
    finally:
        await _close(server, status, owns_process)
    return status


def _log_unhandled(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """As asyncio's own handler, but for what it would print of tasks and their results: words of queries and rows."""
    logger.error("%s", context.get("message", "An error in the event loop"), exc_info=context.get("exception"))


async def _close(server: SpeqlServer, status: int, owns_process: bool) -> None:
    try:
        await asyncio.wait_for(server.close(), _CLOSE_SECONDS)
    except TimeoutError:
        if not owns_process:
            logger.error("The server did not stop within %.0f s", _CLOSE_SECONDS)
            return
        # Python would wait for the stuck thread for ever; the editor, and the file that the engine holds, cannot.
        logger.error("The engine did not stop within %.0f s; the process ends without it", _CLOSE_SECONDS)
        logging.shutdown()
        os._exit(status or 1)


async def _watch_client(server: SpeqlServer, reader: asyncio.StreamReader) -> None:
    """End the connection when the client's process is gone: its end of the pipe may live on in a child of its own."""
    while sys.platform != "win32":
        await asyncio.sleep(_WATCH_SECONDS)
        if server.process_id is not None and not _alive(server.process_id):
            reader.feed_eof()
            return


def _alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def pump(descriptor: int, reader: asyncio.StreamReader, loop: asyncio.AbstractEventLoop) -> None:
    """Move bytes from a descriptor to the loop's reader.

    A thread of its own, and a daemon: a read cannot be interrupted, and neither pygls' pool nor the interpreter's end
    may wait for it. It reads the descriptor and not `sys.stdin`, whose lock would be missed at the interpreter's end.
    """
    while True:
        try:
            data = os.read(descriptor, 65_536)
        except OSError:
            data = b""
        try:
            loop.call_soon_threadsafe(*((_feed, reader, data) if data else (reader.feed_eof,)))
        except RuntimeError:  # the loop is closed: nobody reads any more
            return
        if not data:
            return


def _feed(reader: asyncio.StreamReader, data: bytes) -> None:
    with contextlib.suppress(AssertionError):  # it was ended meanwhile: by a signal, or because nobody reads
        reader.feed_data(data)


class TcpWriter:
    """Writes to a connection; a client that has left very much unread is taken to be gone."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    def write(self, data: bytes) -> None:
        """Send a message."""
        if self._writer.transport.get_write_buffer_size() > MOST_WAITING:
            logger.error("The client has stopped reading")
            self._writer.transport.abort()
        elif not self._writer.is_closing():
            self._writer.write(data)

    def close(self) -> None:
        """Nothing yet: the server says its last words after pygls calls this."""
