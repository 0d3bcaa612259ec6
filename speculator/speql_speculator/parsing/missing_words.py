"""What a text lacks at the cursor, if the text goes on behind it: the word that a query begins with, a parenthesis."""

from collections.abc import Sequence

from speql_speculator.parsing.keywords import (
    CLAUSE_WORDS,
    COMPARISONS,
    NO_BARE_ALIAS,
    QUERY_WORDS,
    SET_OPERATORS,
    STATEMENT_WORDS,
)
from speql_speculator.tokens import Token


def with_first_word(tokens: Sequence[Token], cursor: int | None) -> list[Token]:
    """The tokens, with SELECT or WITH as a token of no width where the text at the cursor goes on behind it.

    A list with FROM behind it is that of a SELECT; a name, AS and a parenthesis are those of a CTE. Only at the
    beginning of the text and of a CTE: elsewhere what lacks its first word is no query.
    """
    found = list(tokens)
    if cursor is None or not found:
        return found
    gap = next((index for index, token in enumerate(found) if token.start >= cursor), len(found))
    opened = next((index for index, token in enumerate(found) if token.upper != "("), len(found))
    places = [opened, 0] if gap <= opened + 1 else []
    if 1 < gap < len(found) and (found[gap - 2].upper, found[gap - 1].upper) == ("AS", "("):
        places.append(gap)
    if 0 < gap < len(found) and found[gap].upper == "FROM" and found[gap - 1].upper in _BEFORE_SELECT:
        start = found[gap].start
        return [*found[:gap], Token("word", start, start, "", "SELECT"), *found[gap:]]
    for place in places:
        word = _missing_at(found[place:], cursor)
        if word:
            start = found[place].start
            return [*found[:place], Token("word", start, start, "", word), *found[place:]]
    return found


_BEFORE_SELECT = ("UNION", "ALL", "EXCEPT", "INTERSECT", "MINUS")


def with_opener(tokens: Sequence[Token], cursor: int | None) -> list[Token] | None:
    """The tokens, with a parenthesis opened at the cursor that is closed behind it; None if none is missing there.

    What is missing may be more: OVER or SELECT with it, where what stands around the cursor says so.
    """
    gap = next((index for index, token in enumerate(tokens) if cursor is not None and token.start >= cursor), 0)
    if not 0 < gap < len(tokens):
        return None
    level = lowest = before = 0
    for index, token in enumerate(tokens):
        if index == gap:
            before = lowest
        if token.kind == "punctuation":
            level += (token.upper == "(") - (token.upper == ")")
            lowest = min(lowest, level)
    if before < 0 or lowest == 0:
        return None
    last, following = tokens[gap - 1], tokens[gap]
    missing = ["("]
    if last.upper == ")" and following.upper in ("ORDER", "PARTITION"):
        missing = ["OVER", "("]
    elif last.upper in ("FROM", "JOIN", "AS", "UNION", "ALL", "EXCEPT", "INTERSECT") and following.kind != "end":
        missing = ["("] if following.upper in (*QUERY_WORDS, "(") else ["(", "SELECT"]
    start = following.start
    words = [Token("punctuation" if word == "(" else "word", start, start, "", word) for word in missing]
    return [*tokens[:gap], *words, *tokens[gap:]]


def with_window_word(tokens: Sequence[Token], cursor: int | None) -> list[Token]:
    """The tokens, with PARTITION at the cursor where a window begins with BY."""
    gap = next((index for index, token in enumerate(tokens) if cursor is not None and token.start >= cursor), 0)
    if gap < 2 or [token.upper for token in tokens[gap - 2 : gap + 1]] != ["OVER", "(", "BY"]:
        return list(tokens)
    start = tokens[gap].start
    return [*tokens[:gap], Token("word", start, start, "", "PARTITION"), *tokens[gap:]]


def with_join_word(tokens: Sequence[Token], cursor: int | None) -> list[Token]:
    """The tokens, with ON at the cursor where a joined table has its condition right behind it."""
    gap = next((index for index, token in enumerate(tokens) if cursor is not None and token.start >= cursor), 0)
    if gap < 2 or gap >= len(tokens):
        return list(tokens)
    names = [token.kind in ("word", "quoted") and token.upper not in NO_BARE_ALIAS for token in tokens[:gap]]
    joined = names[gap - 1] and (
        tokens[gap - 2].upper == "JOIN" or (gap > 2 and names[gap - 2] and tokens[gap - 3].upper == "JOIN")
    )
    inside = tokens[gap + (tokens[gap].upper == "(") :]
    level = 0
    compares = False
    for token in inside:
        level += (token.upper == "(") - (token.upper == ")") if token.kind == "punctuation" else 0
        if level < 0 or token.upper in CLAUSE_WORDS | {"JOIN", "AND", "OR", "ON", "USING"}:
            break
        compares = compares or token.upper in COMPARISONS
    if not (joined and compares and inside[0].kind in ("word", "quoted")):
        return list(tokens)
    start = tokens[gap].start
    return [*tokens[:gap], Token("word", start, start, "", "ON"), *tokens[gap:]]


def _missing_at(tokens: Sequence[Token], cursor: int) -> str:
    if not tokens:
        return ""
    first = tokens[0]
    if first.kind == "word":
        known = QUERY_WORDS | STATEMENT_WORDS | SET_OPERATORS
        typing = first.start < cursor <= first.end
        if first.upper in known or (typing and any(word.startswith(first.upper) for word in known)):
            return ""
    if first.kind in ("word", "quoted") and [token.upper for token in tokens[1:3]] == ["AS", "("]:
        return "WITH"
    level = 0
    for token in tokens:
        if token.kind == "punctuation":
            level += (token.upper == "(") - (token.upper == ")")
            if level < 0:
                return ""
        elif token.kind == "word" and level == 0:
            if token.upper == "FROM" and token is not first:
                return "SELECT"
            if token.upper in ("SELECT", "WITH", "INTO") or token.upper in SET_OPERATORS:
                return ""
    return ""
