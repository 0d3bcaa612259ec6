"""The comment in the head of a document that names its connection."""

import re

_HEAD = 50
"""So many lines are looked at."""

_DIRECTIVE = re.compile(r"\s*(?:--|#|\{#-?)\s*speql:\s*connection\s*=\s*([^\s#}]+)", re.IGNORECASE)
_SKIPPED = re.compile(r"\s*(?:$|--|#|%|\{#)")


def connection_comment(text: str) -> str | None:
    r"""The name after ``-- speql: connection=`` (``#`` in Python) before the first line that is no comment.

    >>> connection_comment("-- Sales\n-- speql: connection=sales\nSELECT 1")
    'sales'
    >>> connection_comment("SELECT 1 -- speql: connection=sales")
    """
    start = 0
    for _ in range(_HEAD):
        end = text.find("\n", start)
        line = text[start : end if end >= 0 else len(text)]
        found = _DIRECTIVE.match(line)
        if found:
            return found[1]
        if end < 0 or not _SKIPPED.match(line):
            return None
        start = end + 1
    return None
