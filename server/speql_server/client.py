"""A small language client, for tests, benchmarks and scripts that talk to the server as an editor does."""

import asyncio
import itertools
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from speql_sql import SpeqlError

Message = dict[str, Any]


class ServerAnswerError(SpeqlError):
    """The server answered a request with an error, with the ``code`` of the protocol, or is gone: then it is 0."""

    def __init__(self, message: str, code: int = 0) -> None:
        super().__init__(message)
        self.code = code


@dataclass
class Client:
    """A client over a pair of streams: requests are coroutines, notifications are kept in the order of their coming.

    Knows no LSP beyond its framing, and shares no code with the server, so that one mistake cannot hide in both.
    """

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    process: asyncio.subprocess.Process | None = None
    answers: dict[str, Callable[[Any], Any]] = field(default_factory=dict)
    """How to answer requests of the server, by method; others are answered with null."""
    received: list[Message] = field(default_factory=list)
    """Every notification and request of the server."""
    stray: "asyncio.Queue[Message]" = field(default_factory=asyncio.Queue)
    """Answers to no request: the errors of messages that the server could not read."""
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    _pending: dict[int, "asyncio.Future[Any]"] = field(default_factory=dict)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    _reading: "asyncio.Task[None] | None" = None

    @classmethod
    async def start(cls, *arguments: str, environment: dict[str, str] | None = None) -> Self:
        """Start ``python -m speql_server`` with these arguments and talk to it over stdio."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "speql_server",
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, **(environment or {})},
            limit=2**24,
        )
        assert process.stdout is not None
        assert process.stdin is not None
        client = cls(process.stdout, process.stdin, process)
        client.listen()
        return client

    def listen(self) -> None:
        """Start reading messages."""
        self._reading = asyncio.get_running_loop().create_task(self._read(), name="reading from the server")

    async def request(self, method: str, params: Any = None, timeout: float = 30.0) -> Any:  # noqa: ASYNC109 - a test's limit
        """Send a request and wait for its result."""
        return await asyncio.wait_for(self.send_request(method, params)[1], timeout)

    def send_request(self, method: str, params: Any = None) -> "tuple[int, asyncio.Future[Any]]":
        """Send a request; its id, and the future of its result."""
        number = next(self._numbers)
        future = self._pending[number] = asyncio.get_running_loop().create_future()
        if self._reading is not None and self._reading.done():
            future.set_exception(ServerAnswerError("The server closed the connection."))
            return number, future
        self.send({"id": number, "method": method, "params": params})
        return number, future

    def notify(self, method: str, params: Any = None) -> None:
        """Send a notification."""
        self.send({"method": method, "params": params})

    def send(self, message: Message) -> None:
        """Send any message."""
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.writer.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))

    async def initialize(self, encodings: Sequence[str] = (), options: Any = None, capabilities: Any = None) -> Any:
        """Do the handshake; the server's capabilities."""
        general = {"general": {"positionEncodings": list(encodings)}} if encodings else {}
        params = {
            "processId": os.getpid(),
            "rootUri": None,
            "capabilities": {**general, **(capabilities or {})},
            "initializationOptions": options,
        }
        result = await self.request("initialize", params)
        self.notify("initialized", {})
        return result["capabilities"]

    async def wait_for(
        self,
        method: str,
        matches: Callable[[Any], bool] = lambda _: True,
        since: int = 0,
        timeout: float = 30.0,  # noqa: ASYNC109 - a test's limit
    ) -> Any:
        """The params of the first message from the server, from number `since` on, that has this method and matches."""

        def found() -> Message | None:
            return next(
                (one for one in self.received[since:] if one["method"] == method and matches(one.get("params"))), None
            )

        async with self._changed:
            await asyncio.wait_for(self._changed.wait_for(lambda: found() is not None), timeout)
        message = found()
        assert message is not None
        return message.get("params")

    async def stop(self) -> int:
        """Shut the server down as the protocol asks; its exit status."""
        await self.request("shutdown")
        self.notify("exit")
        return await self.ended()

    async def ended(self, timeout: float = 15.0) -> int:  # noqa: ASYNC109 - a test's limit
        """Wait for the end of the server's process; its exit status."""
        assert self.process is not None
        status = await asyncio.wait_for(self.process.wait(), timeout)
        await self.close()
        return status

    async def close(self) -> None:
        """Close the streams; kill the process if it still runs."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
        self.writer.close()
        if self.process is not None and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()

    async def _read(self) -> None:
        try:
            while True:
                header = await self.reader.readuntil(b"\r\n\r\n")
                length = int(header.lower().split(b"content-length:")[1].split(b"\r\n")[0])
                await self._take(json.loads(await self.reader.readexactly(length)))
        except (asyncio.IncompleteReadError, ConnectionError):
            for future in self._pending.values():
                if not future.done():
                    future.set_exception(ServerAnswerError("The server closed the connection."))

    async def _take(self, message: Message) -> None:
        if "method" not in message:
            future = self._pending.pop(message["id"], None)
            if future is None:
                self.stray.put_nowait(message)
            if future is None or future.done():
                return
            if "error" in message:
                future.set_exception(ServerAnswerError(message["error"]["message"], message["error"]["code"]))
            else:
                future.set_result(message.get("result"))
            return
        if "id" in message:
            answer = self.answers.get(message["method"])
            self.send({"id": message["id"], "result": answer(message.get("params")) if answer else None})
        self.received.append(message)
        async with self._changed:
            self._changed.notify_all()
