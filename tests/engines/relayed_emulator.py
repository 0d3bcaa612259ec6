"""An emulator of a warehouse that runs as a process of its own, and a relay before it."""

import re
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@contextmanager
def emulator(command: Sequence[str], environment: Mapping[str, str], listens: re.Pattern[str]) -> Iterator[int]:
    """Run the program; its port is the first group of ``listens`` in what it says at its start."""
    told = {**environment, "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=told)
    assert process.stdout is not None
    reader = threading.Thread(target=process.stdout.read, daemon=True)
    try:
        port = next((int(found[1]) for line in process.stdout if (found := listens.search(line))), 0)
        reader.start()  # or it would wait for its log to be read
        assert port, f"{command[0]} has not started"
        yield port
    finally:
        process.terminate()
        process.wait(10)
        if reader.ident is not None:
            reader.join(10)
        process.stdout.close()


@contextmanager
def relay(handler: type[BaseHTTPRequestHandler], state: object) -> Iterator[int]:
    """Serve what ``handler`` answers, which has the ``state``, on a port on 127.0.0.1."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (handler,), {"state": state}))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
