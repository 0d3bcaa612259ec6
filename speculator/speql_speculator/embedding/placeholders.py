"""What stands in SQL for a placeholder of which only the place is known."""

import re
from collections.abc import Sequence

_TOKEN = re.compile(
    r"(?P<skip>\s+|--[^\r\n]*|/\*.*?(?:\*/|\Z))|(?P<string>'(?:[^']|'')*+(?:'|\Z)|\"(?:[^\"]|\"\")*+(?:\"|\Z))"
    r"|(?P<word>[\w\ue000]+)|(?P<mark>.)",
    re.DOTALL,
)
_MARK = "\ue000"
"""A character that no text has: of private use."""

_NAMES_FOLLOW = frozenset(("FROM", "JOIN", "INTO", "UPDATE", "TABLE", "VIEW", "AS", "DESCRIBE", "SUMMARIZE", "."))
_VALUES_FOLLOW = frozenset(
    (
        *("SELECT", "DISTINCT", "ALL", "WHERE", "AND", "OR", "NOT", "ON", "HAVING", "QUALIFY", "BY", "LIMIT", "OFFSET"),
        *("WHEN", "THEN", "ELSE", "CASE", "BETWEEN", "IN", "LIKE", "ILIKE", "VALUES", "SET", "USING", "IS", "DATE"),
        *("TIMESTAMP", "INTERVAL", "RETURNING", "PERCENT", "TOP"),
    )
)
_NAME = re.compile(r"[^\W\d]\w*")


def stand_ins(texts: Sequence[str | None], sources: Sequence[str]) -> list[str]:
    """The texts with a stand-in for each None, by the words around it; ``sources`` are the placeholders as written.

    A table's name where one has to stand, or where the placeholder is part of a word: the name that the placeholder
    itself has. NULL where a value has to stand, a value of a type that is not known. Nothing behind what is complete:
    there it is a part of the query that the host adds. In a string it is the placeholder as it is written.

    >>> stand_ins(["SELECT * FROM ", None, " WHERE a > ", None], ["", "{table}", "", "{limit}"])
    ['SELECT * FROM ', 'table', ' WHERE a > ', 'NULL']
    >>> stand_ins(["SELECT * FROM t ", None], ["", "{where}"])
    ['SELECT * FROM t ', '']
    """
    # The placeholders become a word that no SQL has, so that one pass of a lexer tells where each of them is.
    joined = "".join(_MARK if text is None else text.replace(_MARK, " ") for text in texts)
    placed = iter([source for text, source in zip(texts, sources, strict=True) if text is None])
    found: list[str] = []
    before = ""
    for match in _TOKEN.finditer(joined):
        token, kind = match.group(), match.lastgroup
        for _ in range(token.count(_MARK)):
            source = next(placed)
            if kind == "string":
                found.append(source.replace(token[0], ""))
            elif kind == "skip" or token != _MARK or before in _NAMES_FOLLOW or joined.startswith(".", match.end()):
                found.append(_named(source) or "x")
            elif before == "IN":
                found.append("(NULL)")
            else:
                found.append("NULL" if _value_follows(before) else "")
        if kind != "skip" and not (token == _MARK and found[-1] == ""):
            before = token.upper() if kind in ("word", "mark") else "'"
    chosen = iter(found)
    return [next(chosen) if text is None else text for text in texts]


def _named(source: str) -> str:
    """The last name in a placeholder: ``{settings.table!r}`` is ``table``."""
    inner = re.sub(r"""(?s)![rsa]\s*\}|:[^:{}'"]*\}$|'[^']*'|"[^"]*["]""", " ", source)
    names = [name for name in _NAME.findall(inner) if name not in ("f", "for", "in", "if", "else", "or", "and")]
    return names[-1] if names else ""


def _value_follows(before: str) -> bool:
    """Whether an operand has to come behind this token."""
    if not before:
        return False
    if before[0].isalnum() or before[0] == "_":
        return before in _VALUES_FOLLOW
    return before not in (")", "]", "'", "*", ";", "}")
