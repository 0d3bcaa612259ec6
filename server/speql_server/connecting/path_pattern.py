"""Patterns of paths, as settings write them."""

import re
from functools import lru_cache


def fits(pattern: str, path: str) -> bool:
    """Whether a path with ``/`` between its parts fits a pattern: ``*`` within a part, ``**`` over several.

    >>> fits("reports/**", "reports/2024/a.sql"), fits("*.sql", "reports/a.sql"), fits("**/*.sql", "a.sql")
    (True, False, True)
    """
    return _compiled(pattern).fullmatch(path) is not None


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> "re.Pattern[str]":
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", pattern.removeprefix("./"))
    known = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(known.get(part, re.escape(part)) for part in parts), re.DOTALL)
