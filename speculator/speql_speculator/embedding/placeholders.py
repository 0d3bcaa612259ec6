"""What stands in SQL for a placeholder of which only the place is known."""

import re
from collections.abc import Sequence

_TOKEN = re.compile(
    r"(?P<skip>\s+|--[^\r\n]*|/\*.*?(?:\*/|\Z))|(?P<string>'(?:[^']|'')*+(?:'|\Z)|\"(?:[^\"]|\"\")*+(?:\"|\Z))"
    r"|(?P<word>[\w\ue000]+)|(?P<mark>.)",
    re.DOTALL,
)
_NAMES_FOLLOW = frozenset(("FROM", "JOIN", "INTO", "UPDATE", "TABLE", "VIEW", "AS", "DESCRIBE", "SUMMARIZE", "."))
            elif (
                kind == "skip"
                or token != _MARK
                or before in _NAMES_FOLLOW
                or before == "."
                or joined.startswith(".", match.end())
            ):
                found.append(_named(source) or "x")
            elif before == "IN":
                found.append("(NULL)")
            else:
                found.append("NULL" if _value_follows(before) else "")
        if kind != "skip" and not (token == _MARK and found[-1] == ""):
            before = token.upper() if kind in ("word", "mark") else "'"
    chosen = iter(found)
    return [next(chosen) if text is None else text for text in texts]


_MARK = "\ue000"
"""A character that no text has: of private use."""


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
        return before in _VALUE_FOLLOWS
    return before not in (")", "]", "'", "*", ";", "}")
