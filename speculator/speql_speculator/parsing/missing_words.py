"""The word that a query begins with, where the cursor is in its place."""

from collections.abc import Sequence

from speql_speculator.parsing.keywords import QUERY_WORDS, SET_OPERATORS, STATEMENT_WORDS
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
    for place in places:
        word = _missing_at(found[place:], cursor)
        if word:
            start = found[place].start
            return [*found[:place], Token("word", start, start, "", word), *found[place:]]
    return found


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
