"""What of PostgreSQL's a query calls without the name of a function: operators, casts and domains of the user's."""

from collections.abc import Iterator

from sqlglot import exp

from speql_sql.problem import Problem
from speql_sql.strict_tokens import strict_tokens

_OPERATOR = "operator "
CAST = f"{_OPERATOR}cast"
"""Among the user's functions: a cast calls one of them, which may be that of any two types."""
DOMAIN = "domain check"
"""Among the user's functions: a value that becomes one of a domain's is checked by what may do anything."""

# Operators that words call (IN, USING, BETWEEN, LIKE, SIMILAR TO, NULLIF), so that a text need not have them.
_CALLED_BY_WORDS = frozenset(["=", "<>", "<", ">", "<=", ">=", "~", "~~", "!~~", "~~*", "!~~*", "!~", "cast"])
_MARKS = frozenset("+-*/<>=~!@#%^&|`?")


def unwritten_operator(user_functions: frozenset[str]) -> str:
    """The user's operator, if there is one, that a query may call without writing it; else nothing."""
    found = (name for name in sorted(user_functions) if name.startswith(_OPERATOR))
    return next((name for name in found if name.removeprefix(_OPERATOR) in _CALLED_BY_WORDS), "")


def operator_problems(
    tree: exp.Expr, text: str | None, dialect: str, user_functions: frozenset[str]
) -> Iterator[Problem]:
    """Why a query may call an operator or a domain of the user's; ``text`` is the tree's own if there is none.

    An operator is looked for by its characters alone: which one of a name is called depends on types. An extension may
    bring some (``pg_trgm`` has ``%``), and what does not write them is none of their business.
    """
    if DOMAIN in user_functions:
        for type_ in tree.find_all(exp.DataType):
            if type_.this == exp.DType.USERDEFINED:
                yield Problem("unknown-function", f"{type_.sql(dialect)} may be a domain, whose check may do anything.")
                return
    written = {name.removeprefix(_OPERATOR) for name in user_functions if name.startswith(_OPERATOR)}
    if not written:
        return
    reading = strict_tokens(tree.sql(dialect) if text is None else text, dialect)
    runs = list(_runs([(token.start, token.end, token.text) for token in reading.tokens]))
    for name in sorted(written):
        if reading.doubt or any(name in run for run in runs):
            yield Problem("unknown-function", f"The operator {name} is one of the database's own, too.")
            return


def _runs(tokens: list[tuple[int, int, str]]) -> Iterator[str]:
    """Characters of operators that stand next to each other: each run holds all operators that may be read there."""
    run, last = "", -1
    for start, end, mark in tokens:
        if mark in _MARKS:
            run = run + mark if start == last else mark
            last = end
            yield run
