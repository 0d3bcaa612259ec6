"""Thousands of edits, and what the server holds after every few hundred of them."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from speql_server.cli.bench_lsp.records import Answered
from speql_server.cli.bench_lsp.timed_editor import TimedEditor, quiet, start_server

_QUERIES = (
    "SELECT x % 7 AS a, count(*) AS n FROM range(10000) t(x) WHERE x > 100 GROUP BY ALL ORDER BY n DESC LIMIT 10",
    "WITH s AS (SELECT x, x * 2 AS y FROM range(5000) t(x)) SELECT y % 3 AS k, sum(x) AS total FROM s GROUP BY k",
    "SELECT a.x, b.x AS other FROM range(100) a(x) JOIN range(100) b(x) ON a.x = b.x + 1 WHERE a.x < 50",
)


@dataclass(frozen=True, slots=True)
class Held:
    """What a server holds after so many edits, when nothing runs. ``objects`` are those that the collector sees."""

    edits: int
    resident_bytes: int | None
    objects: int
    tasks: int
    threads: int
    temp_tables: int
    documents: int


async def soak(
    queries: Sequence[str], arguments: Sequence[str], edits: int, every: int, seed: int = 1
) -> tuple[list[Held], list[Answered]]:
    """Type queries over and over in one document with slips and corrections, completion and previews all the time.

    Raises `AssertionError` if the server's text is not the editor's at one of the stops.
    """
    source = random.Random(seed)
    texts = list(queries) or list(_QUERIES)
    client = await start_server(arguments)
    held: list[Held] = []
    records: list[Answered] = []
    uri = "file:///soak.sql"
    try:
        editor = TimedEditor(client, uri, "soak", records)
        editor.open()
        wanted = ""
        for number in range(1, edits + 1):
            if editor.text == wanted:
                await editor.answered()
                wanted = source.choice(texts)
                editor.replace(0, len(editor.text), wanted[: source.randrange(len(wanted))])
            else:
                _edit(editor, wanted, source)
            end = len(editor.text)
            editor.ask("completion", end)
            if number % 3 == 0:
                editor.ask("inlineCompletion", end)
            if number % 10 == 0:
                editor.ask("semanticTokens/full/delta", end)
                await editor.previewed(0.05)
            if number % every == 0 or number == edits:
                await editor.answered()
                found = await quiet(client, uri)
                assert found["text"] == editor.text, "the server has another text than the editor"
                held.append(
                    Held(
                        number,
                        found["bytesResident"],
                        found["objects"],
                        len(found["tasks"]),
                        len(found["threads"]),
                        found["tempTables"],
                        found["documents"],
                    )
                )
        return held, records
    finally:
        await client.stop()


def _edit(editor: TimedEditor, wanted: str, source: random.Random) -> None:
    """The next character of what is wanted, sometimes a slip, which is taken back."""
    text = editor.text
    same = 0
    while same < min(len(text), len(wanted)) and text[same] == wanted[same]:
        same += 1
    if same < len(text):
        editor.replace(same, len(text), "")
    elif source.random() < 0.05:
        editor.replace(same, same, source.choice("'\"(;x\n"))
    else:
        editor.replace(same, same, wanted[same : same + source.choice((1, 1, 1, 4))])
