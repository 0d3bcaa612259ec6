"""What comes with an extension that a statement loads."""

import re
from collections.abc import Sequence

from speql_sql import Problem

_EXISTS_IN = re.compile(r"but it exists in the (\w+) extension")
_MAKES = re.compile(r"CREATE\s+EXTENSION\b", re.I)
_LOADS = re.compile(r"(?:LOAD|(?:FORCE\s+)?INSTALL)\s+['\"]?(\w+)", re.I)


def is_of_extension(problem: Problem, before: Sequence[str]) -> bool:
    """Whether a name is missing that may come with an extension which one of the statements before loads.

    DuckDB says of which extension it is. PostgreSQL does not.
    """
    if problem.code in ("unknown-function", "unknown-type") and any(_MAKES.match(statement) for statement in before):
        return True
    found = _EXISTS_IN.search(problem.message)
    if found is None:
        return False
    loaded = (_LOADS.match(statement) for statement in before)
    return any(load is not None and load[1].lower() == found[1].lower() for load in loaded)
