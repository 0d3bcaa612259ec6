"""Parentheses that close nothing."""

from collections.abc import Sequence

from speql_speculator.tokens import Token


def without_surplus_closers(tokens: Sequence[Token], cursor: int | None) -> tuple[list[Token], list[Token]]:
    """The tokens without the parentheses that close nothing, and those.

    What was opened is gone where the cursor is, more often than not: so the first parenthesis behind the cursor that
    closes what is open before it is the one that is left over, rather than the last one of the text.
    """
    surplus: list[Token] = []
    kept = list(tokens)
    while len(surplus) < _MOST and (place := _first_unopened(kept, 0)) >= 0:
        gap = next((index for index, token in enumerate(kept) if cursor is not None and token.start >= cursor), place)
        if gap < place:
            behind = _first_unopened(kept, gap)
            place = behind if 0 <= behind < place else place
        surplus.append(kept.pop(place))
    return kept, surplus


_MOST = 3
"""More of them are no slip of the fingers: the parser leaves out what is behind the first one."""


def _first_unopened(tokens: Sequence[Token], start: int) -> int:
    """The first closing parenthesis from ``start`` on that was not opened from there on; -1 if there is none."""
    level = 0
    for index in range(start, len(tokens)):
        token = tokens[index]
        if token.kind == "punctuation" and token.upper in "()":
            level += 1 if token.upper == "(" else -1
            if level < 0:
                return index
    return -1
