"""A stand-in for Redshift: PostgreSQL, behind a proxy of the start of a connection.

The driver is the real one. The proxy takes the words that PostgreSQL does not know (``client_protocol_version``,
``driver_version`` and the like) out of what the driver says first, says Redshift's version in the server's answer, and
hands on all else as it is. PostgreSQL is not Redshift: it shows the adapter's own work (sessions, cancelling, how
values are read), not Redshift's answers.
"""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_KNOWN = {b"user", b"database", b"application_name"}
_PORT_OF_SOCKET = 5432
_VERSION = b"8.0.2"
"""The driver expects a number; Redshift says that of the PostgreSQL that it began as."""


@contextmanager
def stand_in(folder: str) -> Iterator[int]:
    """The port on 127.0.0.1 of a proxy to the server whose socket is in ``folder``."""
    listener = socket.create_server(("127.0.0.1", 0))
    stopped = threading.Event()
    threads: list[threading.Thread] = []
    sockets: list[socket.socket] = []

    def accept() -> None:
        while not stopped.is_set():
            try:
                client, _ = listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(f"{folder}/.s.PGSQL.{_PORT_OF_SOCKET}")
            sockets.extend((client, server))
            server.sendall(_start(client))
            with suppress(ConnectionError):
                client.sendall(_greeting(server))
            for source, target in ((client, server), (server, client)):
                threads.append(threading.Thread(target=_pump, args=(source, target), daemon=True))
                threads[-1].start()

    accepting = threading.Thread(target=accept, daemon=True)
    accepting.start()
    try:
        yield listener.getsockname()[1]
    finally:
        stopped.set()
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        accepting.join(5)
        for one in sockets:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join(5)
        for one in sockets:
            one.close()


def _start(client: socket.socket) -> bytes:
    """The startup packet, with what PostgreSQL knows of it."""
    length = struct.unpack("!i", _exactly(client, 4))[0]
    body = _exactly(client, length - 4)
    words = body[4:].split(b"\0")
    kept = b"".join(
        name + b"\0" + value + b"\0"
        for name, value in zip(words[::2], words[1::2], strict=False)
        if name in _KNOWN and value
    )
    rest = body[:4] + kept + b"\0"
    return struct.pack("!i", len(rest) + 4) + rest


def _greeting(server: socket.socket) -> bytes:
    """All that the server says until it is ready for a query, or refuses."""
    found, kind = b"", b""
    while kind not in (b"Z", b"E"):
        kind = _exactly(server, 1)
        body = _exactly(server, struct.unpack("!i", _exactly(server, 4))[0] - 4)
        if kind == b"S" and body.startswith(b"server_version\0"):
            body = b"server_version\0" + _VERSION + b"\0"
        found += kind + struct.pack("!i", len(body) + 4) + body
    return found


def _exactly(source: socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count:
        part = source.recv(count - len(found))
        if not part:
            raise ConnectionError("the client is gone")
        found += part
    return found


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while part := source.recv(65536):
            target.sendall(part)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
