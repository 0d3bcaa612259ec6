"""Servers forked from a process that has imported all that they need: a start takes a tenth of the time.

A test starts a process as it would start the server. That hands its streams, arguments, environment and directory to
the one that forks, and ends as the server ends. So it is a server of its own, over real stdio; only its imports were
done before. Tests of how the server is started and killed start the real command.

    python forked_servers.py fork SOCKET            # ends when its standard input does
    python forked_servers.py serve SOCKET ARGUMENTS

Linux alone tells of the end of any process (pidfd).
"""

import json
import os
import selectors
import socket
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

MOST_BYTES = 1 << 20
IMPORTED = ("speql_server.__main__", "speql_server.cli.serve", "speql_server.app", "speql_engines.duckdb.engine")


def serve(path: str, arguments: list[str]) -> NoReturn:
    """Have a server forked that takes this process's place, and end with its exit status."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as forker:
        forker.connect(path)
        request = {"arguments": arguments, "environment": dict(os.environ), "directory": str(Path.cwd())}
        socket.send_fds(forker, [json.dumps(request).encode()], [0, 1, 2])
        for stream in (0, 1):
            os.close(stream)  # the other side is to see when the server closes them
        os._exit(int(forker.recv(MOST_BYTES) or b"70"))


def fork(path: str) -> None:
    """Fork servers until standard input ends; each has what it would import."""
    for name in IMPORTED:
        import_module(name)

    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(path)
    listener.listen()
    print("ready", flush=True)
    with selectors.DefaultSelector() as selector:
        selector.register(sys.stdin, selectors.EVENT_READ)
        selector.register(listener, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is sys.stdin:
                    return
                if key.fileobj is listener:
                    _fork_one(listener, selector)
                else:
                    pid, asker = key.data
                    selector.unregister(key.fileobj)
                    os.close(key.fd)
                    _, status = os.waitpid(pid, 0)
                    with asker:
                        _tell(asker, os.waitstatus_to_exitcode(status) & 0xFF)


def _tell(asker: socket.socket, status: int) -> None:
    try:
        asker.send(str(status).encode())
    except OSError:
        return  # it was killed


def _fork_one(listener: socket.socket, selector: selectors.BaseSelector) -> None:
    asker, _ = listener.accept()
    message, streams, _, _ = socket.recv_fds(asker, MOST_BYTES, 3)
    pid = os.fork()
    if pid == 0:
        listener.close()
        asker.close()
        _become_server(json.loads(message), streams)
    for stream in streams:
        os.close(stream)
    descriptor = os.pidfd_open(pid)
    selector.register(descriptor, selectors.EVENT_READ, (pid, asker))


def _become_server(request: dict[str, Any], streams: list[int]) -> NoReturn:
    for place, stream in enumerate(streams):
        os.dup2(stream, place)
        os.close(stream)
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["directory"])
    # Its end unwinds what the forking process was doing, and then is that of any Python process.
    import_module("speql_server.__main__").main(request["arguments"])
    sys.exit()


if __name__ == "__main__":
    if sys.argv[1] == "fork":
        fork(sys.argv[2])
    else:
        serve(sys.argv[2], sys.argv[3:])
