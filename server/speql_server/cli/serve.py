"""``speql serve``: the language server on stdio or on a loopback address."""

import gc
import ipaddress
import logging
import os
import sys
from pathlib import Path

from speql_server.greeting import Greeting, greet
from speql_sql import SpeqlError


class ServeError(SpeqlError):
    """The server cannot be started as asked."""


def serve(
    database: str | None,
    tcp: str | None,
    *,
    writable: bool = False,
    log_file: Path | None = None,
    log_level: str = "warning",
) -> None:
    """Serve until the client says ``exit`` or vanishes; with ``tcp``, until the process is told to stop.

    Ends with ``SystemExit(1)`` where the protocol asks for it: ``exit`` without ``shutdown``, or a lost client. Raises
    `ServeError` for an address that is not a loopback address: whoever connects can read the database.
    """
    address = loopback_address(tcp) if tcp is not None else None
    log_to(log_file, log_level)
    output, greeting = _greet() if address is None else (-1, Greeting())
    # The types of the protocol are 550 classes; collecting garbage among them while they are made costs a tenth of
    # the start, and there is none.
    gc.disable()
    import asyncio

    from speql_server.pauses import keep_pauses_short
    from speql_server.settings import ServerSettings
    from speql_server.transport import serve_stdio, serve_tcp

    keep_pauses_short()
    settings = ServerSettings(database=database, writable=writable)
    if address is None:
        status = asyncio.run(serve_stdio(settings, output, greeting))
    else:
        status = asyncio.run(serve_tcp(settings, *address, announce=sys.stderr.write))
    if status:
        raise SystemExit(status)


def _greet() -> tuple[int, Greeting]:
    """Take standard output for the protocol alone, and answer the client's first message."""
    # Whatever a library prints would corrupt the protocol: from here on, standard output is standard error.
    output = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    try:
        return output, greet(sys.stdin.fileno(), output)
    except (KeyboardInterrupt, BrokenPipeError):
        raise SystemExit(1) from None


def loopback_address(text: str) -> tuple[str, int]:
    """Host and port of ``HOST:PORT``.

    >>> loopback_address("127.0.0.1:0")
    ('127.0.0.1', 0)
    """
    host, colon, port = text.rpartition(":")
    host = host.strip("[]")
    if not colon or not port.isdecimal() or int(port) > 65_535:
        raise ServeError(f"{text!r} is not an address.", "Write --tcp 127.0.0.1:PORT; port 0 takes a free one.")
    if not _is_loopback(host):
        raise ServeError(
            f"SpeQL does not listen on {host or 'all addresses'}: whoever reaches it could read the database.",
            "Use --tcp 127.0.0.1:PORT; to reach it from another machine, use a tunnel such as ssh -L.",
        )
    return host, int(port)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def log_to(log_file: Path | None, level: str) -> None:
    """Log to a file or to standard error: never rows, never secrets.

    pygls writes whole messages to its log below the level of a warning, so it is never allowed to.
    """
    number = logging.getLevelNamesMapping().get(level.upper())
    if number is None:
        raise ServeError(f"{level!r} is not a log level.", "Use debug, info, warning or error.")
    try:
        handler = logging.FileHandler(log_file, encoding="utf-8") if log_file is not None else logging.StreamHandler()
    except OSError as error:
        raise ServeError(f"The log file {log_file} cannot be written: {error.strerror}.") from error
    handler.addFilter(_without_traceback_of_the_client)
    logging.basicConfig(
        handlers=[handler], level=number, format="%(asctime)s %(levelname)s %(name)s: %(message)s", force=True
    )
    logging.getLogger("pygls").setLevel(max(number, logging.WARNING))


def _without_traceback_of_the_client(record: logging.LogRecord) -> bool:
    """What a client asked for in error is answered with an error; in the log it is one line, and no fault of ours.

    What was refused, and what the text has moved on from, is nobody's error and not in the log. The class is told by
    its name: pygls, which defines it, is not imported for the sake of a log.
    """
    error = record.exc_info[1] if record.exc_info else None
    if type(error).__name__ in ("RequestRefusedError", "JsonRpcContentModified"):
        return False
    if error is not None and any(kind.__name__ == "JsonRpcException" for kind in type(error).__mro__):
        record.msg, record.args = f"{record.getMessage()} {error}", None
        record.exc_info = record.exc_text = None
    return True
