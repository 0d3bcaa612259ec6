"""An OpenAI-compatible server on a loopback socket that answers as a test says, good and bad."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Reply:
    """What the server does with one request. ``pieces`` are streamed; ``raw`` is sent in place of all that."""

    pieces: tuple[str, ...] = ()
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    usage: dict[str, Any] | None = None
    finish: str | None = "stop"
    done: bool = True
    gate: asyncio.Event | None = None
    """Nothing is sent before this is set."""
    gate_after: int | None = None
    """The piece after which the gate is waited for, instead of before all."""
    breaks_off: bool = False
    raw: bytes | None = None


def says(text: str, **options: Any) -> Reply:
    """A good answer, in pieces of seven characters."""
    return Reply(tuple(text[at : at + 7] for at in range(0, len(text), 7)), **options)


def edits(*pairs: tuple[str, str], **options: Any) -> Reply:
    """An answer with local edits."""
    return says(json.dumps({"edits": [{"before": before, "after": after} for before, after in pairs]}), **options)


@dataclass
class Asked:
    """One request that the server saw."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    text: str


@dataclass
class ScriptedModel:
    """Answers the requests in order; when the script is at its end, its last reply goes on."""

    replies: list[Reply | Callable[[Asked], Reply]] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0
    closed_by_client: int = 0
    port: int = 0
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def sent(self) -> str:
        """All that has left for this server: paths, headers and bodies."""
        return "\n".join(f"{one.path} {one.headers} {one.text}" for one in self.asked)

    async def until(self, holds: Callable[["ScriptedModel"], bool]) -> None:
        """Wait until something is true of the server."""
        async with self._changed:
            await asyncio.wait_for(self._changed.wait_for(lambda: holds(self)), 30)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while (asked := await _request(reader)) is not None:
                reply = self._next(asked)
                async with self._changed:
                    self.asked.append(asked)
                    self._changed.notify_all()
                watching = asyncio.ensure_future(reader.read(1))
                answering = asyncio.ensure_future(_answer(writer, reply))
                await asyncio.wait({watching, answering}, return_when=asyncio.FIRST_COMPLETED)
                if not answering.done():
                    answering.cancel()
                    async with self._changed:
                        self.closed_by_client += 1
                        self._changed.notify_all()
                    break
                watching.cancel()
                break  # one request a connection keeps this simple
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def _next(self, asked: Asked) -> Reply:
        if asked.path.endswith("/models"):
            return Reply(body='{"object": "list", "data": []}')
        place = min(len([one for one in self.asked if not one.path.endswith("/models")]), len(self.replies) - 1)
        reply = self.replies[place] if self.replies else Reply(status=500)
        return reply(asked) if callable(reply) else reply


async def _request(reader: asyncio.StreamReader) -> Asked | None:
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines if line)}
    content = await reader.readexactly(int(headers.get("content-length", "0")))
    return Asked(first.split(" ")[1], headers, json.loads(content) if content else {}, content.decode())


async def _answer(writer: asyncio.StreamWriter, reply: Reply) -> None:
    if reply.gate is not None and reply.gate_after is None:
        await reply.gate.wait()
    if reply.raw is not None:
        writer.write(reply.raw)
        await writer.drain()
        return
    kind = "text/event-stream" if reply.pieces or (reply.status == 200 and not reply.body) else "application/json"
    lines = [f"HTTP/1.1 {reply.status} Whatever", f"content-type: {kind}", "connection: close"]
    lines += [f"{name}: {value}" for name, value in reply.headers]
    if kind == "application/json":
        lines.append(f"content-length: {len(reply.body.encode())}")
    else:
        lines.append("transfer-encoding: chunked")
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
    if kind == "application/json":
        writer.write(reply.body.encode())
        await writer.drain()
        return
    for number, piece in enumerate(reply.pieces):
        if reply.gate is not None and reply.gate_after == number:
            await reply.gate.wait()
        await _event(writer, _chunk(piece, None))
    if reply.breaks_off:
        writer.transport.abort()
        return
    if reply.finish is not None:
        await _event(writer, _chunk("", reply.finish))
    if reply.usage is not None:
        await _event(writer, json.dumps({**_BASE, "choices": [], "usage": reply.usage}))
    if reply.done:
        await _event(writer, "[DONE]")
    writer.write(b"0\r\n\r\n")
    await writer.drain()


_BASE: dict[str, Any] = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "scripted"}


def _chunk(text: str, finish: str | None) -> str:
    # "delta" is for chats and "text" for completions; each kind of client reads its own.
    choice = {"index": 0, "delta": {"content": text}, "text": text, "finish_reason": finish}
    return json.dumps({**_BASE, "choices": [choice]})


async def _event(writer: asyncio.StreamWriter, data: str) -> None:
    content = f"data: {data}\n\n".encode()
    writer.write(f"{len(content):x}\r\n".encode() + content + b"\r\n")
    await writer.drain()


@asynccontextmanager
async def scripted_model(*replies: Reply | Callable[[Asked], Reply]) -> AsyncIterator[ScriptedModel]:
    """A server with this script, until the end of the block."""
    model = ScriptedModel(list(replies))
    server = await asyncio.start_server(model.serve, "127.0.0.1", 0)
    model.port = server.sockets[0].getsockname()[1]
    try:
        yield model
    finally:
        server.close()
