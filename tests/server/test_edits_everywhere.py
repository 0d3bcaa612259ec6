"""Random edits in every encoding: the server has the text that the editor has."""

import random
import re
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types

from speql_server.lsp.from_lsp import changed
from speql_server.lsp.positions import Encoding
from speql_speculator.snapshot import Snapshot

from .conftest import Start

ENCODINGS: tuple[Encoding, ...] = get_args(Encoding)
ALPHABET = [*"ab;'(\t", "\n", "\r\n", "\r", "é", "e\u0301", "😀", "👩\u200d👧", "\ufeff", "\u2028", "\x0c", "\0", "漢"]
TEXTS = st.lists(st.sampled_from(ALPHABET), max_size=30).map("".join)
EDITS = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), TEXTS, st.booleans()), min_size=1, max_size=8)


def place(text: str, offset: int, encoding: Encoding) -> tuple[int, int]:
    """Line and character by the words of the protocol, written without the server's code."""
    lines = re.split(r"\r\n|\n|\r", text[:offset])
    if text[offset - 1 : offset + 1] == "\r\n" and offset:
        lines.pop()  # between the two characters of one line break: its line has not ended yet
    last = lines[-1]
    units = {"utf-8": len(last.encode()), "utf-16": len(last.encode("utf-16-le")) // 2, "utf-32": len(last)}
    return len(lines) - 1, units[encoding]


def splits_a_line_break(text: str, offset: int) -> bool:
    return offset > 0 and text[offset - 1 : offset + 1] == "\r\n"


@given(TEXTS, EDITS, st.sampled_from(ENCODINGS))
def test_incremental_edits_give_the_same_text(text: str, edits: list[Any], encoding: Encoding) -> None:
    snapshot = Snapshot("file:///a.sql", 1, text)
    changes: list[types.TextDocumentContentChangeEvent] = []
    for at, length, inserted, reversed_ in edits:
        start = int(at * len(text))
        end = start + int(length * (len(text) - start))
        if splits_a_line_break(text, start) or splits_a_line_break(text, end):
            continue  # no editor has a cursor there, and the protocol has no name for the place
        ends = types.Position(*place(text, start, encoding)), types.Position(*place(text, end, encoding))
        text = text[:start] + inserted + text[end:]
        edited = types.Range(*(reversed(ends) if reversed_ else ends))
        changes.append(types.TextDocumentContentChangePartial(edited, inserted))
    assert changed(snapshot, 2, changes, encoding).text == text


@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_edits_over_the_wire(
    start: Start, flights: Path, monkeypatch: pytest.MonkeyPatch, encoding: Encoding
) -> None:
    monkeypatch.setenv("SPEQL_DEBUG", "1")
    editor = await start("--database", flights, encodings=[encoding])
    source = random.Random(f"edits {encoding}")
    editor.open("\ufeffSELECT '😀é' AS face;\r\nSELECT\t1")
    for number in range(400):
        text = editor.text
        begin = source.randrange(len(text) + 1)
        end = min(begin + int(source.expovariate(0.3)), len(text))
        if splits_a_line_break(text, begin) or splits_a_line_break(text, end):
            continue
        inserted = "".join(source.choices(ALPHABET, k=source.randrange(6)))
        editor.replace(begin, end, inserted)
        if number % 40 == 0:
            found = await editor.client.request("speql/debug", {"uri": editor.uri})
            assert (found["text"], found["version"]) == (editor.text, editor.version)
    found = await editor.client.request("speql/debug", {"uri": editor.uri})
    assert (found["text"], found["version"]) == (editor.text, editor.version)


async def test_the_debug_request_is_for_those_who_ask_for_it(start: Start) -> None:
    editor = await start()
    with pytest.raises(Exception, match="speql/debug"):
        await editor.client.request("speql/debug", {})
