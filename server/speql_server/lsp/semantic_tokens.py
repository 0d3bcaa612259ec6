"""Semantic tokens as the protocol wants them: numbers that count from the token before."""

from collections.abc import Sequence
from functools import lru_cache

from lsprotocol import types

from speql_server.lsp.positions import Encoding, LineIndex, line_index, on_each_line
from speql_server.lsp.token_legend import MODIFIERS, TYPES
from speql_server.parts import Part
from speql_speculator.by_identity import ByIdentity
from speql_speculator.navigating.pieces import pieces
from speql_speculator.navigating.token_kinds import TokenKind, token_kinds
from speql_sql import Catalog, Span


def semantic_tokens(
    parts: Sequence[Part], catalog: Catalog, encoding: Encoding, within: Span | None = None
) -> list[int]:
    """Five numbers a token: lines and characters from the token before, length, type, modifiers.

    ``within`` asks only for the statements that touch a stretch of the snapshot's SQL. A token over several lines is
    one a line, as all clients take it. In a document that is not all SQL only its SQL has tokens.
    """
    if len(parts) == 1 and parts[0].snapshot.projection is None:
        return _of_plain_sql(parts[0].text, catalog, encoding, within)
    return _of_regions(parts, catalog, encoding, within)


def _of_plain_sql(text: str, catalog: Catalog, encoding: Encoding, within: Span | None) -> list[int]:
    """The numbers of a whole document of SQL.

    A statement's are remembered: only the first ones of it depend on where in the document it is.
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


def _of_regions(parts: Sequence[Part], catalog: Catalog, encoding: Encoding, within: Span | None) -> list[int]:
    """The numbers of SQL in something else: how far a token is from the next depends on what is between them."""
    data: list[int] = []
    last = (0, 0)
    behind = (0, 0)
    for part in parts:
        for piece in pieces(part.text, catalog.dialect):
            place = Span(piece.start, piece.start + len(piece.text)).shifted(part.start)
            if within is not None and (place.start > within.end or place.end < within.start):
                continue
            for found in token_kinds(piece.text, catalog, statement=piece.statement):
                for start, end in part.stretches(found.span.shifted(piece.start), encoding):
                    if start < behind or start[0] != end[0]:
                        continue
                    character = start[1] - (last[1] if start[0] == last[0] else 0)
                    data += (start[0] - last[0], character, end[1] - start[1], TYPES[found.kind], _modifiers(found))
                    last, behind = start, end
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
        modifiers = _modifiers(found)
        for span in on_each_line(found.span, text):
            start_line, start = lines.position(span.start, encoding)
            end = lines.position(span.end, encoding)[1]
            data += (start_line - line, start - (character if start_line == line else 0), end - start)
            data += (number, modifiers)
            line, character = start_line, start
    return tuple(data)


def _modifiers(found: TokenKind) -> int:
    return MODIFIERS["declaration"] * found.declared | MODIFIERS["defaultLibrary"] * found.built_in
