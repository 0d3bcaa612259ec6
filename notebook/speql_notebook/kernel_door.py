"""The door of a kernel: language servers of the notebook's own connection, for the editor that the cells are typed in.

What is typed in a cell reaches only the language server that JupyterLab has started, which is another process and knows
neither the kernel's tables nor its temp tables. It finds the kernel by `kernel_facts` and hands on to it what concerns
this notebook (`jupyter_relay`), so that a cell that is run finds what was worked out while it was typed.
"""

import asyncio
import os
import secrets
from pathlib import Path
from typing import Any

from speql_notebook.databases import Closes, Lease, at_exit
from speql_notebook.kernel_facts import KernelFacts
from speql_notebook.notebook_connection import NOTEBOOK
from speql_server.wire.access import Token
from speql_server.wire.framing import framed_bodies
from speql_server.wire.transport import TcpWriter, serve_messages


class KernelDoor:
    """Listens on a loopback port as long as it is open; whoever does not know the token is sent away."""

    def __init__(self, notebook: str) -> None:
        self._notebook = notebook
        self._token = Token(secrets.token_urlsafe(32), generated=True)
        self._lease: Lease | None = None
        self._listening: _Listening | None = None
        self._file: Path | None = None
        self._open()
        # Before the databases are closed, which registered themselves earlier: the newest goes first.
        at_exit(self.close)
        NOTEBOOK.changed.append(self._reopen)

    @classmethod
    def of_this_kernel(cls, shell: Any) -> "KernelDoor | None":
        """The door of this process, if it is the kernel of a notebook whose file is known."""
        if getattr(shell, "kernel", None) is None:
            return None
        notebook = os.environ.get("JPY_SESSION_NAME") or shell.user_ns.get("__vsc_ipynb_file__")
        return cls(str(Path(notebook).resolve())) if notebook else None

    def close(self) -> None:
        """Let nobody in any more. Safe to call twice."""
        if self._reopen in NOTEBOOK.changed:
            NOTEBOOK.changed.remove(self._reopen)
        self._shut()

    def _reopen(self) -> None:
        """The notebook has another connection: whoever is here comes again, and is served from that."""
        self._shut()
        self._open()

    def _open(self) -> None:
        lease = NOTEBOOK.lease.share()
        self._lease = lease
        self._listening = lease.run(_listen(lease, self._token))
        self._file = KernelFacts(self._notebook, os.getpid(), self._listening.port, self._token.value).write()

    def _shut(self) -> None:
        if self._file is not None:
            self._file.unlink(missing_ok=True)
        if self._lease is not None:
            self._lease.close()
        self._lease = self._listening = self._file = None


async def _listen(lease: Lease, token: Token) -> "_Listening":
    listening = _Listening(lease, token)
    lease.closes(listening)
    await listening.begin()
    return listening


class _Listening(Closes):
    """The listener and its clients, on the loop."""

    def __init__(self, lease: Lease, token: Token) -> None:
        self._lease = lease
        self._token = token
        self._clients: dict[asyncio.Task[Any], asyncio.StreamReader] = {}
        self._server: asyncio.Server | None = None
        self.port = 0

    async def begin(self) -> None:
        """Listen on a free port of this machine's own address."""
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0, limit=2**20)
        self.port = self._server.sockets[0].getsockname()[1]

    async def aclose(self) -> None:
        """Close the port, and what the clients have open."""
        if self._server is not None:
            self._server.close()
        for reader in self._clients.values():
            reader.feed_eof()
        await asyncio.gather(*self._clients, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None, "the listener makes one for each client"
        self._clients[task] = reader
        server = self._lease.connected.server()
        server.messages.admits = self._token.admits
        server.messages.set_writer(TcpWriter(writer))
        try:
            await serve_messages(server, framed_bodies(reader, lambda: server.messages.most_bytes))
        finally:
            self._clients.pop(task, None)
            writer.close()
