"""Edits as an editor sends them, applied to a text; the cursor is where the last one ends."""

import pytest
from lsprotocol import types

from speql_server.lsp.from_lsp import changed
from speql_server.lsp.positions import Encoding
from speql_server.settings import ServerSettings, SettingsError
from speql_speculator.snapshot import Snapshot


def partial(start: tuple[int, int], end: tuple[int, int], text: str) -> types.TextDocumentContentChangePartial:
    return types.TextDocumentContentChangePartial(types.Range(types.Position(*start), types.Position(*end)), text)


def whole(text: str) -> types.TextDocumentContentChangeWholeDocument:
    return types.TextDocumentContentChangeWholeDocument(text)


EDITS = [
    ("", [partial((0, 0), (0, 0), "S")], "S", 1),
    ("SELECT", [partial((0, 6), (0, 6), " 1")], "SELECT 1", 8),
    ("SELECT 1", [partial((0, 6), (0, 8), "")], "SELECT", 6),
    ("a\r\nb", [partial((0, 1), (1, 0), " ")], "a b", 2),
    ("a\r\nb", [partial((1, 1), (1, 1), "c")], "a\r\nbc", 5),
    ("😀 b", [partial((0, 3), (0, 4), "c")], "😀 c", 3),
    ("a\u2028b\nc", [partial((1, 0), (1, 1), "d")], "a\u2028b\nd", 5),
    ("a\x0cb\nc", [partial((1, 0), (1, 1), "d")], "a\x0cb\nd", 5),
    ("ab", [partial((0, 2), (0, 0), "x")], "x", 1),  # a range the wrong way round
    ("ab", [partial((7, 0), (9, 9), "x")], "abx", 3),  # outside the text
    ("ab", [partial((0, 0), (0, 1), ""), partial((0, 0), (0, 0), "zz")], "zzb", 2),  # the second on the first's text
    ("ab", [whole("aXb")], "aXb", 2),
    ("aXb", [whole("ab")], "ab", 1),
    ("aa", [whole("aaa")], "aaa", 3),
    ("ab", [whole("ab")], "ab", 2),
    ("ab", [whole("")], "", 0),
    ("ab", [partial((0, 1), (0, 1), "\ud83d")], "a\ufffdb", 2),  # half of a surrogate pair
]


@pytest.mark.parametrize(("before", "changes", "after", "cursor"), EDITS)
def test_edits(before: str, changes: list[types.TextDocumentContentChangeEvent], after: str, cursor: int) -> None:
    snapshot = changed(Snapshot("file:///a.sql", 1, before), 2, changes, "utf-16")
    assert (snapshot.version, snapshot.text, snapshot.cursor) == (2, after, cursor)


@pytest.mark.parametrize(("encoding", "character"), [("utf-8", 5), ("utf-16", 3), ("utf-32", 2)])
def test_edits_are_counted_in_the_negotiated_encoding(encoding: Encoding, character: int) -> None:
    change = partial((0, character), (0, character), "!")
    assert changed(Snapshot("file:///a.sql", 1, "😀ab"), 2, [change], encoding).text == "😀a!b"


def test_the_command_line_decides_over_the_client() -> None:
    options = {"database": "other.duckdb", "writable": True, "workspace": "/w", "theme": "dark"}
    settings = ServerSettings(database="mine.duckdb").with_options(options)
    assert (settings.database, settings.writable, str(settings.workspace)) == ("mine.duckdb", True, "/w")
    assert ServerSettings().with_options(options).database == "other.duckdb"
    assert ServerSettings().with_options(None) == ServerSettings() == ServerSettings().with_options([1])


def test_an_option_of_the_wrong_type_is_told() -> None:
    with pytest.raises(SettingsError, match="database must be a string, not int"):
        ServerSettings().with_options({"database": 3})
