"""An editor that types into a server, asks as editors do, and notes when the answers come."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any

from speql_server.cli.bench_lsp.moments import OF_A_PLACE, Method
from speql_server.cli.bench_lsp.records import Answered, Outcome
from speql_server.client import Client, Message, ServerAnswerError
from speql_server.features.debug import METHOD as DEBUG
from speql_server.features.debug import VARIABLE as DEBUG_VARIABLE
from speql_server.lsp.positions import LineIndex

_MODIFIED, _CANCELLED = -32801, -32800


class TimedClient(Client):
    """A client that calls ``on_message`` with each message of the server as it comes, and keeps none of them."""

    on_message: Callable[[Message], None] = staticmethod(lambda _: None)

    async def _take(self, message: Message) -> None:
        if "method" in message:
            self.on_message(message)
        await super()._take(message)
        if len(self.received) > 200:
            del self.received[:-100]


class TimedEditor:
    """One document of a client. A request takes back the one of its kind before it, if that has no answer yet."""

    def __init__(self, client: TimedClient, uri: str, query: str, records: list[Answered]) -> None:
        self._client = client
        self._uri = uri
        self._query = query
        self._records = records
        self._index = LineIndex("")
        self._version = 0
        self._typed: dict[int, float] = {}
        self._waiting: dict[str, tuple[int, asyncio.Future[Any]]] = {}
        self._tokens = ""
        client.on_message = self._noted

    @property
    def text(self) -> str:
        """The document's text."""
        return self._index.text

    @property
    def version(self) -> int:
        """The number of its newest version."""
        return self._version

    def open(self, text: str = "") -> None:
        """Open the document."""
        self._index, self._version = LineIndex(text), 1
        item = {"uri": self._uri, "languageId": "sql", "version": 1, "text": text}
        self._typed[1] = time.perf_counter()
        self._client.notify("textDocument/didOpen", {"textDocument": item})

    def replace(self, start: int, end: int, text: str) -> None:
        """An edit."""
        places = {"start": self._position(start), "end": self._position(end)}
        self._index = self._index.edited(start, end, text)
        self._version += 1
        self._typed[self._version] = time.perf_counter()
        self._client.notify(
            "textDocument/didChange",
            {
                "textDocument": {"uri": self._uri, "version": self._version},
                "contentChanges": [{"range": places, "text": text}],
            },
        )

    def ask(self, method: Method, offset: int) -> None:
        """A request of the newest text. Its answer is waited for by `answered`."""
        params: dict[str, Any] = {"textDocument": {"uri": self._uri}}
        if method in OF_A_PLACE:
            params["position"] = self._position(offset)
        if method == "inlineCompletion":
            params["context"] = {"triggerKind": 1}
        if method == "semanticTokens/full/delta":
            params["previousResultId"] = self._tokens
        number, before = self._waiting.get(method, (0, None))
        if before is not None and not before.done():
            self._client.notify("$/cancelRequest", {"id": number})
        sent, version = time.perf_counter(), self._version
        number, future = self._client.send_request(f"textDocument/{method}", params)
        self._waiting[method] = number, future
        future.add_done_callback(lambda done: self._answered(method, version, sent, done))

    async def answered(self) -> None:
        """Wait until every request has its answer."""
        futures = [future for _, future in self._waiting.values()]
        await asyncio.gather(*futures, return_exceptions=True)

    async def previewed(self, timeout: float) -> bool:  # noqa: ASYNC109 - how long a preview may take
        """Wait for the preview of the newest version, or why there is none; whether it came."""

        def fits(params: Any) -> bool:
            return bool(params["uri"] == self._uri and params["version"] == self._version)

        try:
            await self._client.wait_for("speql/preview", fits, timeout=timeout)
        except TimeoutError:
            return False
        return True

    def close(self) -> None:
        """Close the document."""
        self._client.notify("textDocument/didClose", {"textDocument": {"uri": self._uri}})

    def _position(self, offset: int) -> dict[str, int]:
        line, character = self._index.position(offset, "utf-16")
        return {"line": line, "character": character}

    def _answered(self, method: str, version: int, sent: float, done: "asyncio.Future[Any]") -> None:
        milliseconds = (time.perf_counter() - sent) * 1000
        error = None if done.cancelled() else done.exception()
        outcome: Outcome = "answered"
        if done.cancelled() or (isinstance(error, ServerAnswerError) and error.code == _CANCELLED):
            outcome = "cancelled"
        elif isinstance(error, ServerAnswerError) and error.code == _MODIFIED:
            outcome = "modified"
        elif error is not None:
            outcome = "failed"
        elif method.startswith("semanticTokens") and (result := done.result()):
            self._tokens = result.get("resultId") or ""
        self._records.append(Answered(method, self._query, version, milliseconds, outcome))

    def _noted(self, message: Message) -> None:
        params: Any = message.get("params")
        if message["method"] != "speql/preview" or params["uri"] != self._uri or params["outcome"] != "rows":
            return
        typed = self._typed.pop(params["version"], None)
        if typed is not None:
            milliseconds = (time.perf_counter() - typed) * 1000
            self._records.append(Answered("preview", self._query, params["version"], milliseconds, "answered"))


async def start_server(arguments: Sequence[str]) -> TimedClient:
    """A server process of its own with an open connection, that tells of itself by ``speql/debug``."""
    client = await TimedClient.start(*arguments, environment={DEBUG_VARIABLE: "1"})
    await client.initialize(options={"history": {"enabled": False}})
    await client.wait_for("speql/status", lambda status: status["connection"]["state"] != "opening")
    return client


async def debugged(client: Client, **params: Any) -> dict[str, Any]:
    """What the server tells of itself."""
    found: dict[str, Any] = await client.request(DEBUG, params, timeout=60)
    return found


async def quiet(client: Client, uri: str = "") -> dict[str, Any]:
    """Wait until the engine has nothing to do; what the server then tells, counts of objects too."""
    idle = 0
    while idle < 5:
        found = await debugged(client)
        busy = found["statements"] or any(name in ("analysis", "submit", "preview") for name in found["tasks"])
        idle = 0 if busy else idle + 1
        await asyncio.sleep(0.1)
    return await debugged(client, collect=True, uri=uri)
