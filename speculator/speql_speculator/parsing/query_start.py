"""Where the query of a statement begins."""

from collections.abc import Sequence

from speql_speculator.parsing.keywords import QUERY_WORDS
from speql_speculator.tokens import Token


def query_start(tokens: Sequence[Token]) -> int | None:
    """Where the query begins, in statements that are one or have one at their end; None if there is none."""
    words = [token.upper if token.kind in ("word", "punctuation") else "" for token in tokens]
    if not words or words[0] in QUERY_WORDS:
        return 0 if words else None
    if words[0] not in _HAVE_A_QUERY or "MACRO" in words[:6] or "FUNCTION" in words[:6]:
        return None
    for index, word in enumerate(words):
        if word in ("SELECT", "WITH", "FROM") and index:
            # COPY (SELECT ...) TO: the parenthesis belongs to the query.
            opened = next((at for at in range(index - 1, -1, -1) if words[at] != "("), -1) + 1
            return opened if words[0] == "COPY" else index
    return None


_HAVE_A_QUERY = frozenset({"EXPLAIN", "CREATE", "INSERT", "COPY", "DESCRIBE", "SUMMARIZE", "REPLACE"})
