"""Every answer with a place in it, in every encoding, behind an emoji, a combining character, tabs and CRLF.

A case is a text with ``‸`` where it is asked and ``«»`` around what the answer names; or the text that its edits make.
What a client would count is computed here, from code points, without the server's code.
"""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from .conftest import Editor, Start
from .test_edits_everywhere import ENCODINGS, Encoding, place

Place = tuple[int, int]
Range = tuple[Place, Place]


@dataclass
class Asked:
    """A document that is open, and what is asked of it in the client's own units."""

    editor: Editor
    text: str
    cursor: int
    encoding: Encoding

    def at(self, offset: int) -> dict[str, int]:
        line, character = place(self.text, offset, self.encoding)
        return {"line": line, "character": character}

    async def ask(self, method: str, **params: Any) -> Any:
        document = {"textDocument": {"uri": self.editor.uri}}
        return await self.editor.client.request(f"textDocument/{method}", {**document, **params})

    async def here(self, method: str, **params: Any) -> Any:
        return await self.ask(method, position=self.at(self.cursor), **params)

    def everything(self) -> dict[str, Any]:
        return {"start": self.at(0), "end": self.at(len(self.text))}

    def edited(self, edits: list[dict[str, Any]]) -> str:
        """The text after edits, whose places have to be places of the text."""
        offsets = {place(self.text, offset, self.encoding): offset for offset in reversed(range(len(self.text) + 1))}
        spans = sorted((*(offsets[edge] for edge in ends(edit["range"])), edit["newText"]) for edit in edits)
        text = self.text
        for start, end, new in reversed(spans):
            text = text[:start] + new + text[end:]
        return text


def ends(given: dict[str, Any]) -> Range:
    """A range of the wire."""
    start, end = (given[edge] for edge in ("start", "end"))
    return (start["line"], start["character"]), (end["line"], end["character"])


Answer = Callable[[Asked], Awaitable[Any]]


def ranges(method: str, of: Callable[[Any], Any] = lambda found: found, **params: Any) -> Answer:
    """The ranges of an answer about the place."""

    async def answer(asked: Asked) -> list[Range]:
        found = of(await asked.here(method, **params))
        return sorted(ends(one["range"]) for one in (found if isinstance(found, list) else [found]))

    return answer


async def renamed(asked: Asked) -> str:
    found = await asked.here("rename", newName="x")
    return asked.edited(found["changes"][asked.editor.uri])


async def completed(asked: Asked) -> str:
    found = await asked.here("completion")
    item = next(one for one in found["items"] if one["label"] == "name")
    return asked.edited([item["textEdit"]])


async def continued(asked: Asked) -> str:
    (item,) = (await asked.here("inlineCompletion", context={"triggerKind": 1}))["items"]
    return asked.edited([{"range": item["range"], "newText": item["insertText"]}])


async def signature(asked: Asked) -> Any:
    found = await asked.here("signatureHelp")
    return found["signatures"][0]["label"].partition("(")[0], found["activeParameter"]


async def grown(asked: Asked) -> list[Range]:
    """What a selection grows to."""
    (found,) = await asked.ask("selectionRange", positions=[asked.at(asked.cursor)])
    chain = []
    while found is not None:
        chain.append(ends(found["range"]))
        found = found.get("parent")
    return sorted(chain)


async def folded(asked: Asked) -> list[tuple[int, int]]:
    return sorted((one["startLine"], one["endLine"]) for one in await asked.ask("foldingRange"))


def tokens(method: str) -> Answer:
    """The places of all tokens."""

    async def answer(asked: Asked) -> list[Range]:
        params = {"range": asked.everything()} if method.endswith("range") else {}
        data = (await asked.ask(method, **params))["data"]
        found, line, character = [], 0, 0
        for lines, characters, length, _, _ in zip(*[iter(data)] * 5, strict=True):
            line, character = line + lines, characters + (0 if lines else character)
            found.append(((line, character), (line, character + length)))
        return found

    return answer


async def hinted(asked: Asked) -> list[Range]:
    found = [one["position"] for one in await asked.ask("inlayHint", range=asked.everything())]
    return sorted(ends({"start": one, "end": one}) for one in found)


async def lensed(asked: Asked) -> list[Range]:
    return sorted({ends(one["range"]) for one in await asked.ask("codeLens")})


async def outlined(asked: Asked) -> list[Range]:
    """The ranges of all symbols, and of their names."""

    def inside(symbols: list[dict[str, Any]]) -> Iterator[Range]:
        for symbol in symbols:
            yield from (ends(symbol["range"]), ends(symbol["selectionRange"]))
            yield from inside(symbol.get("children") or [])

    return sorted(set(inside(await asked.ask("documentSymbol"))))


async def laid_out(asked: Asked) -> str:
    return asked.edited(await asked.ask("formatting", options={"tabSize": 2, "insertSpaces": True}))


async def laid_out_there(asked: Asked) -> str:
    there = {"start": asked.at(asked.cursor), "end": asked.at(asked.cursor + 1)}
    found = await asked.ask("rangeFormatting", range=there, options={"tabSize": 2, "insertSpaces": True})
    return asked.edited(found)


async def diagnosed(asked: Asked) -> list[Range]:
    """The culprit and the places that have to do with it."""
    (one,) = await asked.editor.diagnostics(bool)
    related = [other["location"]["range"] for other in one.get("relatedInformation") or []]
    return sorted(ends(found) for found in [one["range"], *related])


def acted(title: str) -> Answer:
    """The text after a code action."""

    async def answer(asked: Asked) -> str:
        there = {"start": asked.at(asked.cursor), "end": asked.at(asked.cursor)}
        found = await asked.ask("codeAction", range=there, context={"diagnostics": []})
        (change,) = next(one for one in found if one["title"] == title)["edit"]["documentChanges"]
        return asked.edited(change["edits"])

    return answer


async def previewed(asked: Asked) -> list[Range]:
    """The SELECT that is previewed for a cursor."""
    asked.editor.forget()
    asked.editor.client.notify("speql/cursor", {"uri": asked.editor.uri, "position": asked.at(asked.cursor)})
    shown = await asked.editor.client.wait_for(
        "speql/preview", lambda one: "CTE late" in one["breadcrumb"], asked.editor.seen
    )
    return [ends(shown["range"])]


async def moved(asked: Asked) -> list[Range]:
    """The SELECT that a command has moved the preview to."""
    answer = await asked.editor.command("speql.preview", asked.editor.uri, asked.at(asked.cursor))
    assert answer["moved"]
    shown = await asked.editor.client.wait_for("speql/preview", lambda one: "CTE late" in one["breadcrumb"])
    return [ends(shown["range"])]


async def submitted(asked: Asked) -> Any:
    return (await asked.editor.command("speql.submit", asked.editor.uri, asked.at(asked.cursor)))["rows"]


async def accepted(asked: Asked) -> str:
    asked.editor.client.notify("speql/cursor", {"uri": asked.editor.uri, "position": asked.at(asked.cursor)})
    await asked.editor.preview(lambda one: bool(one.edits))
    given: list[Any] = []
    asked.editor.client.answers["workspace/applyEdit"] = lambda params: given.append(params) or {"applied": True}
    await asked.editor.command("speql.acceptRepair", asked.editor.uri)
    (change,) = given[0]["edit"]["documentChanges"]
    return asked.edited(change["edits"])


ODD = "/*😀e\u0301\t漢*/"
HEAD = f"-- 😀 e\u0301\r\n\tSELECT\t'😀e\u0301' AS {ODD} face;\r\n"
LATE = f"{HEAD}\tWITH {ODD} %s AS (\r\n\t\tSELECT {ODD} 1 AS a)\r\n\tSELECT {ODD} a FROM {ODD} %s"


INNER = f"{HEAD}\tWITH {ODD} late AS ({ODD} «SELECT {ODD} na‸me FROM airlines») SELECT * FROM late"
FROM = f"{HEAD}\tSELECT {ODD} %s FROM airlines"


@dataclass(frozen=True)
class Case:
    """A feature and a text; what it answers is what the text marks, or ``expected``."""

    name: str
    answer: Answer
    marked: str
    expected: Any = None
    lines_only: bool = False


CASES = [
    Case("hover", ranges("hover"), FROM % "«na‸me»"),
    Case("definition", ranges("definition"), LATE % ("«late»", "la‸te")),
    Case("references", ranges("references", context={"includeDeclaration": True}), LATE % ("«late»", "«la‸te»")),
    Case("highlight", ranges("documentHighlight"), LATE % ("«late»", "«la‸te»")),
    Case("prepareRename", ranges("prepareRename"), LATE % ("late", "«la‸te»")),
    Case("rename", renamed, LATE % ("late", "la‸te"), LATE % ("x", "x")),
    Case("completion", completed, FROM % "nam‸", FROM % "name"),
    Case(
        "inlineCompletion",
        continued,
        f"{HEAD}\tSELECT {ODD} a.name FROM flights f JOIN airlines a‸",
        f"{HEAD}\tSELECT {ODD} a.name FROM flights f JOIN airlines a ON f.carrier = a.carrier",
    ),
    Case("signatureHelp", signature, f"{HEAD}\tSELECT {ODD} left('😀e\u0301',\t‸)", ("left", 1)),
    Case("selectionRange", grown, f"«{HEAD}\t«SELECT {ODD} «'«😀e\u0301‸»'»»»"),
    Case(
        "foldingRange",
        folded,
        f"{HEAD}\t«SELECT (\r\n\t{ODD} «CASE\r\n\tWHEN true THEN 1»\r\n\tEND\r\n)»",
        lines_only=True,
    ),
    Case(
        "semanticTokens",
        tokens("semanticTokens/full"),
        f"«-- 😀 e\u0301»\r\n\t«SELECT»\t«'😀e\u0301'» «AS» «{ODD}» «face»;\r\n"
        "\t«SELECT» «/*😀»\r\n\t«e\u0301*/» «name» «FROM» «airlines»",
    ),
    Case(
        "semanticTokens in a range",
        tokens("semanticTokens/range"),
        f"«{ODD}» «SELECT» «{ODD}» «name» «FROM» «airlines»",
    ),
    Case("inlayHint", hinted, f"{HEAD}\tSELECT {ODD} name FROM {ODD} airlines«»"),
    Case(
        "codeLens",
        lensed,
        HEAD.replace("SELECT", "«SELECT»") + f"\t«WITH» {ODD} «late» AS (SELECT 1 AS a)\r\n{ODD}\t«SELECT» a FROM late",
    ),
    Case(
        "documentSymbol",
        outlined,
        HEAD.replace("SELECT", "««SELECT»").replace(";", "»;") + f"\t{ODD}\t««SELECT» {ODD} 1»",
    ),
    Case(
        "formatting",
        laid_out,
        f"{HEAD}\tSELECT  {ODD}  name  FROM airlines",
        f"{HEAD}SELECT {ODD} name FROM airlines".replace("\tSELECT\t", "SELECT "),
    ),
    Case(
        "rangeFormatting",
        laid_out_there,
        f"{HEAD}\tSELECT  {ODD}  n‸ame  FROM airlines",
        f"{HEAD}SELECT {ODD} name FROM airlines",
    ),
    Case(
        "diagnostics",
        diagnosed,
        f"{HEAD}\tSELECT {ODD} «carrier» FROM {ODD} flights {ODD} «f» JOIN {ODD} «airlines» ON true",
    ),
    Case("codeAction", acted("Expand *"), FROM % "‸*", FROM % "carrier, name"),
    Case("speql/cursor", previewed, INNER),
    Case("speql.preview", moved, INNER),
    Case("speql.submit", submitted, f"{HEAD}\tSELECT 1 AS one; {ODD} SELE‸CT 2 AS two; SELECT 3", [[2]]),
    Case("speql.acceptRepair", accepted, FROM % "nmae‸ , 1", FROM % "name , 1"),
]


def read(marked: str) -> tuple[str, int, list[tuple[int, int]]]:
    """A text without its marks, where its cursor is, and what is marked."""
    text, cursor, opened, spans = "", 0, [], []
    for point in marked:
        if point == "‸":
            cursor = len(text)
        elif point == "«":
            opened.append(len(text))
        elif point == "»":
            spans.append((opened.pop(), len(text)))
        else:
            text += point
    return text, cursor, sorted(spans)


@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_places_are_in_the_clients_units(start: Start, flights: Path, encoding: Encoding) -> None:
    first = await start("--database", flights, handshake=False)
    capabilities = {
        "general": {"positionEncodings": [encoding]},
        "workspace": {"workspaceEdit": {"documentChanges": True}},
        "textDocument": {
            "codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": [""]}}},
            "publishDiagnostics": {"relatedInformation": True},
        },
    }
    assert (await first.client.initialize(capabilities=capabilities))["positionEncoding"] == encoding
    found, expected = {}, {}
    for case in CASES:
        text, cursor, spans = read(case.marked)
        editor = await start(on=first.client)
        editor.open(text)
        found[case.name] = await case.answer(Asked(editor, text, cursor, encoding))
        places = sorted((place(text, start_, encoding), place(text, end, encoding)) for start_, end in spans)
        if case.lines_only:
            expected[case.name] = sorted((begin[0], end[0]) for begin, end in places)
        else:
            expected[case.name] = places if case.expected is None else case.expected
        editor.client.notify("textDocument/didClose", {"textDocument": {"uri": editor.uri}})
    assert found == expected
