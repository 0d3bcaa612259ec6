"""A client of a server in this process with some settings, and what it can see of them."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from speql_engines import EngineInfo
from speql_server.app import SpeqlServer
from speql_server.connecting.profile import ConnectionProfile

from ..scripted_model import ScriptedModel
from .conftest import Editor
from .test_inline_completion import ghost
from .test_spending import ScriptedPaidDuckDB

HELD_SECONDS = 77.0
GROUPED = "SELECT carrier, count(*) AS n FROM flights GROUP BY carrier ORDER BY carrier"


@dataclass
class OwnTime:
    """Short pauses take no time, `HELD_SECONDS` until they are let go, and all others end with the server alone."""

    held: asyncio.Event = field(default_factory=asyncio.Event)
    let_go: asyncio.Event = field(default_factory=asyncio.Event)

    async def sleep(self, seconds: float) -> None:
        if seconds < 5:
            await asyncio.sleep(0)
        elif seconds == HELD_SECONDS:
            self.held.set()
            await self.let_go.wait()
        else:
            await asyncio.Event().wait()


class Noted(ScriptedPaidDuckDB):
    """What an engine runs ahead is noted; it charges for it if the test says so."""

    charges = False

    @property
    def info(self) -> EngineInfo:
        return super().info if self.charges else self.real.info


@dataclass
class Room:
    """A client of a server with some settings."""

    editor: Editor
    server: SpeqlServer
    time: OwnTime
    model: ScriptedModel
    folder: Path
    engines: list[Noted]
    profiles: list[ConnectionProfile]

    async def rests(self, text: str) -> None:
        """The document has this text, and nothing is done for it any more."""
        self.editor.open(text)
        await self.answered()
        found = await self.server.session(self.editor.uri)
        assert found is not None
        await found[0].idle()

    async def answered(self) -> None:
        """What was sent so far has been read."""
        await self.editor.command("speql.selectConnection", self.editor.uri)

    async def ask(self, method: str, **params: Any) -> Any:
        document = {"textDocument": {"uri": self.editor.uri}}
        return await self.editor.client.request(f"textDocument/{method}", {**document, **params})

    def published(self) -> list[list[str]]:
        """The codes of the diagnostics of the newest version, one list for each time that there were any said."""
        return [
            [one["code"] for one in message["params"]["diagnostics"]]
            for message in self.editor.client.received
            if message.get("method") == "textDocument/publishDiagnostics"
            and message["params"].get("version") == self.editor.version
        ]


Look = Callable[[Room], Awaitable[Any]]


def submitted(text: str) -> Look:
    """The rows of a submit, or what became of it."""

    async def look(room: Room) -> Any:
        room.editor.open(text.format(folder=room.folder))
        answer = await room.editor.submit()
        return answer.rows if answer.outcome == "rows" else answer.outcome

    return look


def previewed(text: str) -> Look:
    """The rows of a preview, or the code of what is in its way."""

    async def look(room: Room) -> Any:
        room.editor.open(text.format(folder=room.folder))
        shown = await room.editor.preview(lambda one: one.outcome == "rows" or bool(one.problems))
        return shown.rows if shown.outcome == "rows" else shown.problems[0].code

    return look


def run_ahead(text: str) -> Look:
    """Whether anything was run that nobody has asked for."""

    async def look(room: Room) -> Any:
        await room.rests(text)
        return any(engine.ran for engine in room.engines)

    return look


def diagnosed(text: str) -> Look:
    async def look(room: Room) -> Any:
        room.editor.open(text)
        return [one["code"] for one in await room.editor.diagnostics()]

    return look


async def proposed_values(room: Room) -> Any:
    text = "SELECT * FROM flights WHERE carrier = '"
    room.editor.open(text)
    answer: Any = {"items": [], "isIncomplete": True}
    while answer["isIncomplete"] and not answer["items"]:  # they are read in the background
        answer = await room.ask("completion", position=room.editor.position(len(text)))
    return sorted(item["label"] for item in answer["items"])


async def laid_out(room: Room) -> Any:
    room.editor.open("select carrier, origin, dep_delay from flights")
    return [one["newText"] for one in await room.ask("formatting", options={"tabSize": 2, "insertSpaces": True})]


async def hinted(room: Room) -> Any:
    await room.rests("WITH a AS (SELECT carrier FROM airlines) SELECT * FROM a")
    found = await room.ask("inlayHint", range=room.editor.range(0, len(room.editor.text)))
    return sorted({one.get("kind", 0) for one in found}) if found else found


async def lensed(room: Room) -> Any:
    room.editor.open("SELECT 1")
    return bool(await room.ask("codeLens"))


async def remembered(room: Room) -> Any:
    """Which of two statements that were run, the older and the newer, come again as ghost text."""
    asked = [
        ("SELECT origin", "\nFROM flights\nWHERE dep_delay > 30"),
        ("SELECT name", "\nFROM airlines\nWHERE carrier = 'AA'"),
    ]
    others = [(f"SELECT {number} AS a{number}", "") for number in range(12)]  # a limit is kept to within eleven
    for begin, rest in (asked[0], *others, asked[1]):
        room.editor.open(begin + rest)
        assert (await room.editor.submit()).outcome == "rows"
    found = []
    for begin, rest in asked:
        room.editor.open(begin + rest.partition("WHERE")[0])
        found.append(bool(await ghost(room.editor)))
    return found


async def kept_catalogs(room: Room) -> Any:
    await room.rests("SELECT 1")
    await room.server.close()
    return any((room.folder / "speql-cache").rglob("catalogs/*"))


def handed(name: str) -> Look:
    """What an engine is opened with; `tests/engines` show what it makes of that."""

    async def look(room: Room) -> Any:
        await room.rests("SELECT 1")
        return getattr(room.profiles[-1], name)

    return look


async def held_from_the_word(room: Room) -> Any:
    """What is said of a text while the pause of the settings lasts; after it, all is said."""
    room.editor.open("SELECT ")
    room.editor.type("nam FROM airlines"[:3])
    room.editor.replace(len(room.editor.text), len(room.editor.text), " FROM airlines")
    room.editor.put_cursor(len("SELECT nam"))
    await room.answered()
    return await until_let_go(room)


async def held_from_all(room: Room) -> Any:
    """What is said of an error that is not at the cursor."""
    room.editor.open("SELECT nam FROM airlines")
    room.editor.replace(len(room.editor.text), len(room.editor.text), " ")
    await room.answered()
    return await until_let_go(room)


async def until_let_go(room: Room) -> Any:
    said = asyncio.ensure_future(room.editor.diagnostics(bool))
    held = asyncio.ensure_future(room.time.held.wait())
    await asyncio.wait({said, held}, return_when=asyncio.FIRST_COMPLETED)
    if room.time.held.is_set():
        found = await room.server.session(room.editor.uri)
        assert found is not None
        await found[0].idle()
        before = room.published()
        room.time.let_go.set()
        assert [one["code"] for one in await said] == ["unknown-column"]
        return [codes for codes in before if codes]
    held.cancel()
    return [[one["code"] for one in await said]]


def told(name: str) -> Look:
    """What the server says that it holds to; `tests/engines/governed` show that it does."""

    async def look(room: Room) -> Any:
        room.editor.open(GROUPED)
        return (await room.editor.command("speql.setSpeculation", room.editor.uri))[name]

    return look


MISSPELT = "SELEC carrier, 'secret' FROM airlines /* a remark */ ORDER BY carrier"


def asked_model(of: Callable[[ScriptedModel], Any] = lambda model: bool(model.asked), text: str = MISSPELT) -> Look:
    """Something of what the language model was asked."""

    async def look(room: Room) -> Any:
        await room.rests(text)
        return of(room.model)

    return look


async def asked_after_the_pause(room: Room) -> Any:
    room.editor.open(MISSPELT)
    await room.answered()
    asked = asyncio.ensure_future(room.model.until(lambda model: bool(model.asked)))
    held = asyncio.ensure_future(room.time.held.wait())
    await asyncio.wait({asked, held}, return_when=asyncio.FIRST_COMPLETED)
    before = bool(room.model.asked)
    room.time.let_go.set()
    await asked
    held.cancel()
    return before


def continued(of: Callable[[ScriptedModel], Any]) -> Look:
    """Something of what the model was asked for ghost text."""

    async def look(room: Room) -> Any:
        await room.rests("SELECT carrier, name FROM airline")
        room.editor.type("s")
        await room.editor.rows()
        await ghost(room.editor)
        return of(room.model)

    return look


async def embedded(room: Room) -> Any:
    await room.rests("SELECT carrier FROM airlines GROUP BY carrier")
    await room.editor.submit()
    await ghost(room.editor)
    found = await room.server.session(room.editor.uri)
    assert found is not None
    await found[0].idle()
    await room.server.close()
    return sorted({one.path for one in room.model.asked})
