"""Semantic tokens as the protocol wants them: numbers that count from the token before."""

from functools import lru_cache

from lsprotocol import types

from speql_server.positions import Encoding, LineIndex, line_index
from speql_server.token_legend import MODIFIERS, TYPES
from speql_speculator.by_identity import ByIdentity
from speql_speculator.navigating.pieces import pieces
from speql_speculator.navigating.token_kinds import token_kinds
from speql_sql import Catalog, Span


def semantic_tokens(text: str, catalog: Catalog, encoding: Encoding, within: Span | None = None) -> list[int]:
    """Five numbers a token: lines and characters from the token before, length, type, modifiers.

    ``within`` asks only for the statements that touch a stretch. A statement's numbers are remembered: only the first
    ones of it depend on where in the document it is. A token over several lines is one a line, as all clients take it.
    """
    lines = line_index(text)
    data: list[int] = []
    line = character = 0
    for piece in pieces(text, catalog.dialect):
        if within is not None and (piece.start > within.end or piece.start + len(piece.text) < within.start):
            continue
        own = _encoded(piece.text, ByIdentity(catalog), catalog.version, encoding, piece.statement)
        if not own:
            continue
        piece_line, piece_character = lines.position(piece.start, encoding)
        first_line = piece_line + own[0]
        first_character = own[1] + (piece_character if own[0] == 0 else 0)
        data.append(first_line - line)
        data.append(first_character if first_line != line else first_character - character)
        data += own[2:]
        line, character = first_line, first_character
        for place in range(5, len(own), 5):
            line += own[place]
            character = own[place + 1] + (0 if own[place] else character)
    return data


def delta(before: list[int], after: list[int]) -> list[types.SemanticTokensEdit]:
    """The edit that makes one list of numbers of the other: what is between their common beginning and end."""
    head = _same_start(before, after, min(len(before), len(after)))
    if head == len(before) == len(after):
        return []
    tail = _same_start(before[::-1], after[::-1], min(len(before), len(after)) - head)
    changed = after[head : len(after) - tail]
    return [types.SemanticTokensEdit(start=head, delete_count=len(before) - tail - head, data=changed)]


def _same_start(before: list[int], after: list[int], most: int) -> int:
    """How many numbers at the beginning are the same; whole blocks are compared, of which there are few."""
    count = 0
    while count < most and before[count : count + _BLOCK] == after[count : count + _BLOCK]:
        count += _BLOCK
    while count < most and before[count] == after[count]:
        count += 1
    return min(count, most)


_BLOCK = 1_000


@lru_cache(maxsize=4096)
def _encoded(text: str, key: ByIdentity, version: str, encoding: Encoding, statement: bool) -> tuple[int, ...]:
    """The numbers of a piece, counted from its start."""
    (catalog,) = key.values
    assert isinstance(catalog, Catalog)
    lines = LineIndex(text)
    data: list[int] = []
    line = character = 0
    for found in token_kinds(text, catalog, statement=statement):
        number = TYPES[found.kind]
        modifiers = MODIFIERS["declaration"] * found.declared | MODIFIERS["defaultLibrary"] * found.built_in
        for span in _lines_of(found.span, text):
            start_line, start = lines.position(span.start, encoding)
            end = lines.position(span.end, encoding)[1]
            data += (start_line - line, start - (character if start_line == line else 0), end - start)
            data += (number, modifiers)
            line, character = start_line, start
    return tuple(data)


def _lines_of(span: Span, text: str) -> list[Span]:
    """The parts of a token on each of its lines, without white space around them."""
    content = span.of(text)
    if "\n" not in content and "\r" not in content:
        return [span]
    found: list[Span] = []
    position = span.start
    for part in content.replace("\r", "\n").split("\n"):
        if part.strip():
            start = position + len(part) - len(part.lstrip())
            found.append(Span(start, start + len(part.strip())))
        position += len(part) + 1
    return found
