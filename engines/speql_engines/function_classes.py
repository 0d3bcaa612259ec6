"""What sqlglot makes of the call of a function."""

import sqlglot
from sqlglot import exp

from speql_sql.parse import PARSE_ERRORS

_MAX_ARGUMENTS = 6


def classes_of(name: str, dialect: str) -> set[str]:
    """The classes of functions that sqlglot makes of a call of ``name``, with whatever number of arguments."""
    if not name.isidentifier():
        return set()
    found: set[str] = set()
    for count in range(_MAX_ARGUMENTS + 1):
        call = f"SELECT {name}({', '.join(f'a{number}' for number in range(count))})"
        try:
            tree = sqlglot.parse_one(call, read=dialect)
        except PARSE_ERRORS:
            continue
        found |= {type(node).__name__ for node in tree.find_all(exp.Func)}
    return found - {"Anonymous"}
