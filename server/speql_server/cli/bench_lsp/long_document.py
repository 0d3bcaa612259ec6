"""What a keystroke in a long document costs, beside one in a short document."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from speql_server.cli.bench_lsp.records import Answered
from speql_server.cli.bench_lsp.timed_editor import TimedEditor, debugged, quiet, start_server

_TYPED = " AND x <> 271828"
_STATEMENT = """SELECT x % {number} AS a, count(*) AS n -- number {number}
FROM range(1000) t(x)
WHERE x > {number} AND x <> 'a;b'.length()
GROUP BY ALL"""
_MARK = "/*here*/"
_SHORT_LINES = 40


@dataclass(frozen=True)
class LongDocument:
    """The figures of one document."""

    lines: int
    characters: int
    keystrokes: int
    cpu_milliseconds: float
    loop: dict[str, Any]
    records: tuple[Answered, ...]


async def measure_long_document(
    queries: Sequence[str], arguments: Sequence[str], lines: int, keystrokes: int, pause: float
) -> list[LongDocument]:
    """Type in the middle of a document of so many lines, and of a short one, with the same statement at the cursor."""
    return [
        await _measured(document_of(queries, count), arguments, keystrokes, pause)
        for count in sorted({_SHORT_LINES, lines})
    ]


def document_of(queries: Sequence[str], lines: int) -> str:
    """A document of at least so many lines, of these queries over and over or else of our own; a mark in its middle."""
    parts: list[str] = []
    # One is replaced by the statement with the mark, which has one line.
    count = -max(query.count("\n") for query in queries or [_STATEMENT])
    while count < lines:
        text = queries[len(parts) % len(queries)] if queries else _STATEMENT.format(number=len(parts) + 2)
        parts.append(text)
        count += text.count("\n") + 2
    middle = len(parts) // 2
    parts[middle] = f"SELECT x AS a, count(*) AS n FROM range(1000) t(x) WHERE x > 7{_MARK} GROUP BY ALL"
    return ";\n\n".join(parts) + ";\n"


async def _measured(text: str, arguments: Sequence[str], keystrokes: int, pause: float) -> LongDocument:
    place = text.index(_MARK)
    text = text.replace(_MARK, "")
    client = await start_server(arguments)
    try:
        records: list[Answered] = []
        editor = TimedEditor(client, "file:///long.sql", "long", records)
        editor.open(text)
        editor.replace(place, place, " ")  # the cursor is there from now on
        editor.ask("semanticTokens/full/delta", place)
        editor.ask("documentSymbol", place)
        await editor.answered()
        await quiet(client)
        records.clear()
        before = await debugged(client)
        typed = 0
        for number in range(keystrokes):
            typed = number % (2 * len(_TYPED))
            if typed < len(_TYPED):
                editor.replace(place + typed, place + typed, _TYPED[typed])
                cursor = place + typed + 1
            else:
                cursor = place + 2 * len(_TYPED) - typed - 1
                editor.replace(cursor, cursor + 1, "")
            editor.ask("completion", cursor)
            editor.ask("documentHighlight", cursor)
            if number % 4 == 0:
                editor.ask("semanticTokens/full/delta", cursor)
            if number % 16 == 0:
                editor.ask("documentSymbol", cursor)
                editor.ask("foldingRange", cursor)
            await asyncio.sleep(pause)
        await editor.answered()
        after = await debugged(client)
        cpu = (after["cpuSeconds"] - before["cpuSeconds"]) * 1000 / keystrokes
        return LongDocument(text.count("\n"), len(text), keystrokes, round(cpu, 2), after["loop"], tuple(records))
    finally:
        await client.stop()
