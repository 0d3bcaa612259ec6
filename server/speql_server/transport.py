"""A server on its streams: standard input and output, or one TCP connection after another."""

import asyncio
import contextlib
import json
import logging
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable

from pygls.io_ import run_async

from speql_server.app import SpeqlServer, create_server
from speql_server.greeting import Greeting
from speql_server.settings import ServerSettings

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
    threading.Thread(target=_pump, args=(sys.stdin.fileno(), reader, loop), name="speql-stdin", daemon=True).start()
    if sys.platform != "win32":
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, reader.feed_eof)
    status = await serve_streams(create_server(settings), reader, writer)
    writer.flush()
    return status


async def serve_tcp(settings: ServerSettings, host: str, port: int, announce: Callable[[str], object]) -> int:
    """Serve each connection with a server object of its own, until the process is told to stop."""
    connections: set[asyncio.Task[object]] = set()
    stopped = asyncio.Event()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        connections.add(task)
        try:
            await serve_streams(create_server(settings), reader, writer)
        finally:
            connections.discard(task)
            writer.close()

    try:
        listener = await asyncio.start_server(connected, host, port, limit=2**20)
    except OSError as error:
        announce(f"SpeQL cannot listen on {host}:{port}: {error.strerror}. Choose another port; 0 takes a free one.\n")
        return 2
    if sys.platform != "win32":
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    for socket in listener.sockets:
        announce("SpeQL listens on {}:{}\n".format(*socket.getsockname()[:2]))
    async with listener:
        await stopped.wait()
        for task in tuple(connections):
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)
    return 0


async def serve_streams(
    server: SpeqlServer, reader: asyncio.StreamReader, writer: "ThreadedWriter | asyncio.StreamWriter"
) -> int:
    """Read messages until the end, then close the server; the exit status that the protocol asks for."""
    server.protocol.set_writer(writer)
    watch = asyncio.get_running_loop().create_task(_watch_client(server, reader), name="watching the client")
    status = 1
    try:
        await run_async(threading.Event(), reader, server.protocol, logger, server.report_server_error)
    except SystemExit as exit_:
        # pygls answers the ``exit`` notification with sys.exit(), from within the handler.
        status = int(exit_.code or 0)
    except (EOFError, ValueError, ConnectionError) as error:
        logger.warning("The client is gone in the middle of a message: %s", error)
    finally:
        watch.cancel()
        await _close(server, status)
    return status


async def _close(server: SpeqlServer, status: int) -> None:
    try:
        await asyncio.wait_for(server.close(), _CLOSE_SECONDS)
    except TimeoutError:
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


def _pump(descriptor: int, reader: asyncio.StreamReader, loop: asyncio.AbstractEventLoop) -> None:
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
            loop.call_soon_threadsafe(*((reader.feed_data, data) if data else (reader.feed_eof,)))
        except RuntimeError:  # the loop is closed: nobody reads any more
            return
        if not data:
            return


class ThreadedWriter:
    """Writes to a descriptor from a thread, so that a client that does not read does not stop the event loop.

    ``answered`` is the id of a request that has its answer already: the next answer to it is dropped.
    """

    def __init__(self, descriptor: int, answered: object, on_broken: Callable[[], object]) -> None:
        self._descriptor = descriptor
        self._answered = answered
        self._on_broken = on_broken
        self._waiting: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write_all, name="speql-stdout", daemon=True)
        self._thread.start()

    def write(self, data: bytes) -> None:
        """Queue a message."""
        if self._answered is not None:
            message = json.loads(data.partition(b"\r\n\r\n")[2])
            if "method" not in message and message.get("id") == self._answered:
                self._answered = None
                return
        self._waiting.put(data)

    def close(self) -> None:
        """Nothing yet: the server says its last words after pygls calls this."""

    def flush(self) -> None:
        """Wait until everything is written, or the client has not read for a while."""
        self._waiting.put(None)
        self._thread.join(timeout=2.0)

    def _write_all(self) -> None:
        while (data := self._waiting.get()) is not None:
            view = memoryview(data)
            try:
                while view:
                    view = view[os.write(self._descriptor, view) :]
            except OSError:  # the client no longer reads
                with contextlib.suppress(RuntimeError):  # the loop is closed: it knows
                    self._on_broken()
                return
