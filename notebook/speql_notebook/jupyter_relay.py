"""The language server that JupyterLab starts: hands on what concerns the notebook of a kernel to that kernel.

JupyterLab starts one server for all documents, beside the kernels. It serves .sql files, and the SQL cells of a
notebook as long as its kernel has not loaded SpeQL. From then on the kernel's own language server answers for them: it
knows the tables that cells have made, and works ahead for the cell that is being typed (`kernel_door`).
"""

import asyncio
import contextlib
import json
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

from speql_notebook.kernel_facts import KernelFacts, kernel_of
from speql_server.app import create_server
from speql_server.cli.serve import log_to
from speql_server.pauses import keep_pauses_short
from speql_server.settings import ServerSettings
from speql_server.wire.framing import framed_bodies
from speql_server.wire.threaded_writer import ThreadedWriter
from speql_server.wire.transport import pump, serve_messages

Message = dict[str, Any]

_LOOK_SECONDS = 1.0
"""A kernel may load SpeQL while its notebook is open: so often it is looked for."""

_DID_OPEN, _DID_CLOSE, _DID_CHANGE = "textDocument/didOpen", "textDocument/didClose", "textDocument/didChange"


class Relay:
    """Between a client and the servers: one of this process, and one for each kernel that is there.

    Every document is open in the server of this process, too, so that it can go on when a kernel ends. JupyterLab has
    one process for all its tabs, and for those that are loaded again: each says ``initialize``, and all get the answer
    to the first.
    """

    def __init__(self, say: Callable[[Message], None]) -> None:
        self._say = say
        self._here = create_server(ServerSettings())
        self._bodies: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._here.messages.set_writer(_Writer(self._from_here), include_headers=False)
        self._initialize: Message | None = None
        self._abilities: Message | None = None
        self._later_tabs: list[Message] = []
        self._languages: dict[str, str] = {}
        self._kernels: dict[str, _Kernel] = {}
        self._looking: asyncio.Task[None] | None = None

    async def serve(self, bodies: AsyncIterator[bytes]) -> int:
        """Hand messages on until the client's end; the exit status."""
        serving = asyncio.ensure_future(serve_messages(self._here, self._incoming()))
        self._looking = asyncio.ensure_future(self._look())
        try:
            async for body in bodies:
                if self._from_client(body) == "exit" or serving.done():
                    break
                await asyncio.sleep(0)
        finally:
            self._looking.cancel()
            for kernel in tuple(self._kernels.values()):
                kernel.close()
            self._bodies.put_nowait(None)
        return await serving

    async def _incoming(self) -> AsyncIterator[bytes]:
        while (body := await self._bodies.get()) is not None:
            yield body
            self._bodies.task_done()

    def _from_client(self, body: bytes) -> object:
        """Hand a message on to whom it is for; its method."""
        message = _read(body)
        method, uri = message.get("method"), _uri_of(message)
        if method is None and (kernel := self._asker(message)) is not None:
            kernel.answer(message)
            return None
        if method == "initialize" and self._initialize is not None:
            self._later_tabs.append(message)
            self._welcome()
            return method
        if method == "initialize":
            self._initialize = message
        if method == _DID_OPEN and uri is not None:
            self._languages[uri] = message["params"]["textDocument"].get("languageId", "sql")
        if method == _DID_CLOSE and uri is not None:
            self._languages.pop(uri, None)
        kernel = self._kernels.get(uri) if uri is not None else None
        is_told = "id" not in message
        if kernel is not None:
            kernel.send(message)
        if kernel is None or is_told:
            self._bodies.put_nowait(body)
        if method == "$/cancelRequest":
            for one in set(self._kernels.values()):
                one.send(message)
        if method == _DID_CLOSE and uri is not None:
            self._leave(uri)
        return method

    def _welcome(self) -> None:
        """Answer the ``initialize`` of later tabs, once the first has its answer."""
        while self._abilities is not None and self._later_tabs:
            self._say({**self._abilities, "id": self._later_tabs.pop(0).get("id")})

    def _from_here(self, message: Message) -> None:
        first = self._initialize
        if self._abilities is None and first is not None and message.get("id") == first.get("id"):
            self._say(message)
            self._abilities = message
            self._welcome()
            return
        uri = _uri_of(message)
        if "id" not in message and uri is not None and uri in self._kernels:
            return  # its kernel knows better
        self._say(message)

    def _asker(self, message: Message) -> "_Kernel | None":
        """The kernel whose request a message answers."""
        asked = str(message.get("id"))
        return next((kernel for kernel in self._kernels.values() if asked in kernel.asked), None)

    async def _look(self) -> None:
        """Find kernels of open documents, and let go of those that are gone."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            for uri in [uri for uri in self._languages if uri not in self._kernels]:
                facts = kernel_of(uri)
                if facts is not None and self._initialize is not None:
                    await self._enter(uri, facts)

    async def _enter(self, uri: str, facts: KernelFacts) -> None:
        known = next((one for one in self._kernels.values() if one.facts == facts), None)
        if known is None:
            assert self._initialize is not None, "documents are opened behind it"
            with contextlib.suppress(OSError):  # it has just ended
                known = await _Kernel.connect(facts, self._initialize, self._say, self._lost)
        # What the client has said so far has to be in the text that the kernel begins with; from here on nothing waits.
        while not self._bodies.empty():
            await self._bodies.join()
        edited = self._here.documents.get(uri)
        if known is None or edited is None:
            return
        self._kernels[uri] = known
        host = edited.host
        document = {"uri": uri, "languageId": self._languages[uri], "version": host.version, "text": host.text}
        known.send({"jsonrpc": "2.0", "method": _DID_OPEN, "params": {"textDocument": document}})

    def _leave(self, uri: str) -> None:
        kernel = self._kernels.pop(uri, None)
        if kernel is not None and kernel not in self._kernels.values():
            kernel.close()

    def _lost(self, lost: "_Kernel") -> None:
        """A kernel has ended: what this process's own server thinks of its documents is to be seen again."""
        uris = [uri for uri, kernel in self._kernels.items() if kernel is lost]
        for uri in uris:
            del self._kernels[uri]
        self._here.look_again(uris)


class _Kernel:
    """The connection to the server in a kernel. ``asked`` are its requests that the client has not answered."""

    def __init__(self, facts: KernelFacts, writer: asyncio.StreamWriter) -> None:
        self.facts = facts
        self.asked: dict[str, Any] = {}
        self._writer = writer
        self._reading: asyncio.Task[None] | None = None

    @classmethod
    async def connect(
        cls,
        facts: KernelFacts,
        initialize: Message,
        say: Callable[[Message], None],
        lost: Callable[["_Kernel"], None],
    ) -> "_Kernel":
        """Connect and initialize as the client did, with the token of the kernel."""
        reader, writer = await asyncio.open_connection("127.0.0.1", facts.port, limit=2**20)
        kernel = cls(facts, writer)
        params = dict(initialize.get("params") or {})
        given = params.get("initializationOptions")
        params["initializationOptions"] = {**(given if isinstance(given, dict) else {}), "token": facts.token}
        params["processId"] = None
        kernel.send({"jsonrpc": "2.0", "id": "speql-initialize", "method": "initialize", "params": params})
        kernel.send({"jsonrpc": "2.0", "method": "initialized", "params": {}})
        kernel._reading = asyncio.ensure_future(kernel._read(reader, say, lost))
        return kernel

    def send(self, message: Message) -> None:
        """Send a message, if the kernel is there."""
        if not self._writer.is_closing():
            self._writer.write(_framed(message))

    def answer(self, message: Message) -> None:
        """Send the client's answer to a request of the kernel's."""
        self.send({**message, "id": self.asked.pop(str(message["id"]))})

    def close(self) -> None:
        """Leave."""
        if self._reading is not None:
            self._reading.cancel()
        self._writer.close()

    async def _read(
        self, reader: asyncio.StreamReader, say: Callable[[Message], None], lost: Callable[["_Kernel"], None]
    ) -> None:
        try:
            async for body in framed_bodies(reader):
                message = _read(body)
                if message.get("id") == "speql-initialize":
                    continue
                if "id" in message and "method" in message:
                    # The client knows requests of several servers: theirs must not have the same number.
                    name = f"speql-{self.facts.process}-{message['id']}"
                    self.asked[name] = message["id"]
                    message["id"] = name
                say(message)
        except (OSError, EOFError):
            pass  # it has ended: the same as the end of the stream
        self._writer.close()
        lost(self)


async def relay_stdio() -> int:
    """Serve the client at standard input and output."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=2**20)
    output = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what anything prints must not be read as a message
    if sys.platform != "win32":
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, reader.feed_eof)
    writer = ThreadedWriter(output, None, lambda: loop.call_soon_threadsafe(reader.feed_eof))
    threading.Thread(target=pump, args=(sys.stdin.fileno(), reader, loop), name="speql-stdin", daemon=True).start()
    relay = Relay(lambda message: writer.write(_framed(message)))
    status = await relay.serve(framed_bodies(reader))
    writer.flush()
    return status


class _Writer:
    """What pygls writes to."""

    def __init__(self, take: Callable[[Message], None]) -> None:
        self._take = take

    def write(self, data: bytes) -> None:
        """Take a message of the server's."""
        self._take(_read(data))

    def close(self) -> None:
        """Nothing: there is no stream to close."""


def _read(body: bytes) -> Message:
    try:
        message = json.loads(body)
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}


def _framed(message: Message) -> bytes:
    body = json.dumps(message, ensure_ascii=False).encode()
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


def _uri_of(message: Message) -> str | None:
    """The document that a message is about."""
    params = message.get("params")
    if not isinstance(params, dict):
        return None
    document = params.get("textDocument")
    uri = document.get("uri") if isinstance(document, dict) else params.get("uri")
    if uri is None and isinstance(arguments := params.get("arguments"), list) and arguments:
        first = arguments[0]
        uri = first.get("uri") if isinstance(first, dict) else first
    return uri if isinstance(uri, str) else None


def main() -> None:
    """Serve, and exit."""
    log_to(None, "warning")
    keep_pauses_short()
    sys.exit(asyncio.run(relay_stdio()))


if __name__ == "__main__":
    main()
