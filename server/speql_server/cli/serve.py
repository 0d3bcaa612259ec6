"""``speql serve``: the language server on stdio or on a loopback address."""

import gc
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from speql_server.log_format import LogFormatter
from speql_server.wire.greeting import Greeting, greet
from speql_server.wire.serve_error import ServeError


def serve(
    database: str | None,
    tcp: str | None,
    *,
    ws: str | None = None,
    token_file: Path | None = None,
    allow_origin: Sequence[str] = (),
    connection: str | None = None,
    writable: bool = False,
    log_file: Path | None = None,
    log_level: str = "warning",
) -> None:
    """Serve until the client says ``exit`` or vanishes; with ``tcp`` or ``ws``, until the process is told to stop.

    Ends with ``SystemExit(1)`` where the protocol asks for it: ``exit`` without ``shutdown``, or a lost client. Raises
    `ServeError` for an address that is not a loopback address: whoever connects can read the database.
    """
    if tcp is not None and ws is not None:
        raise ServeError("A server listens in one way.", "Give --tcp or --ws; start two for both.")
    if database is not None and connection is not None:
        raise ServeError("--database and --connection name one thing in two ways.", "Give one of them.")
    given = tcp if tcp is not None else ws
    address = loopback_address(given, "--tcp" if tcp is not None else "--ws") if given is not None else None
    if address is None and (token_file is not None or allow_origin):
        raise ServeError("A token and origins are for servers that listen.", "Give --tcp or --ws, too.")
    log_to(log_file, log_level)
    output, greeting = _greet() if address is None else (-1, Greeting())
    # The types of the protocol are 550 classes; collecting garbage among them while they are made costs a tenth of
    # the start, and there is none.
    gc.disable()
    import asyncio

    from speql_server.pauses import keep_pauses_short
    from speql_server.settings import EVERYWHERE, ServerSettings
    from speql_server.wire.transport import serve_stdio, serve_tcp

    keep_pauses_short()
    everywhere = ((EVERYWHERE, connection),) if connection else ()
    settings = ServerSettings(database=database, writable=writable, connection=everywhere)
    announce = sys.stderr.write
    if address is None:
        status = asyncio.run(serve_stdio(settings, output, greeting))
    else:
        from speql_server.wire.access import token_for

        token = token_for(token_file)
        if tcp is not None:
            status = asyncio.run(serve_tcp(settings, *address, token, announce))
        else:
            from speql_server.wire.websocket import serve_websocket

            status = asyncio.run(serve_websocket(settings, *address, token, allow_origin, announce))
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


def loopback_address(text: str, option: str = "--tcp") -> tuple[str, int]:
    """Host and port of ``HOST:PORT``.

    >>> loopback_address("127.0.0.1:0")
    ('127.0.0.1', 0)
    """
    from speql_server.wire.access import is_loopback  # not for stdio, which is to start quickly

    host, colon, port = text.rpartition(":")
    host = host.strip("[]")
    if not colon or not port.isdecimal() or int(port) > 65_535:
        raise ServeError(f"{text!r} is not an address.", f"Write {option} 127.0.0.1:PORT; port 0 takes a free one.")
    if not is_loopback(host):
        raise ServeError(
            f"SpeQL does not listen on {host or 'all addresses'}: whoever reaches it could read the database.",
            f"Use {option} 127.0.0.1:PORT; to reach it from another machine, use a tunnel such as ssh -L.",
        )
    return host, int(port)


def log_to(log_file: Path | None, level: str) -> None:
    """Log to a file or to standard error: never rows, never secrets.

    pygls and websockets write whole messages to their logs below the level of a warning, so they are never allowed to.
    """
    number = logging.getLevelNamesMapping().get(level.upper())
    if number is None:
        raise ServeError(f"{level!r} is not a log level.", "Use debug, info, warning or error.")
    try:
        handler = logging.FileHandler(log_file, encoding="utf-8") if log_file is not None else logging.StreamHandler()
    except OSError as error:
        raise ServeError(f"The log file {log_file} cannot be written: {error.strerror}.") from error
    handler.addFilter(_without_traceback_of_the_client)
    handler.setFormatter(LogFormatter())
    logging.basicConfig(handlers=[handler], level=number, force=True)
    for name in ("pygls", "websockets"):
        logging.getLogger(name).setLevel(max(number, logging.WARNING))


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
