"""What EXISTS asks for."""

from sqlglot import exp

_DECIDE_ROWS = (
    "group",
    "having",
    "qualify",
    "limit",
    "offset",
    "fetch",
    "windows",
    "laterals",
    "with_",
    "sample",
    "into",
)
_PLAIN_OUTPUTS = (exp.Column, exp.Identifier, exp.Literal, exp.Star, exp.Null, exp.Boolean, exp.Alias)

NO_MATTER_TO_EXISTS = frozenset(("expressions", "distinct", "order"))
"""The clauses of :func:`asked_rows` that EXISTS does not ask about."""


def asked_rows(exists: exp.Exists) -> exp.Select | None:
    """The SELECT inside, if it has a row for each that its FROM and WHERE leave; None for every other query.

    Then it does not matter what it selects.
    """
    query = exists.this.unnest()
    while isinstance(query, exp.Subquery):
        query = query.this
    if not isinstance(query, exp.Select) or any(query.args.get(key) for key in _DECIDE_ROWS):
        return None
    is_plain = all(isinstance(node, _PLAIN_OUTPUTS) for item in query.expressions for node in item.walk())
    return query if is_plain else None
