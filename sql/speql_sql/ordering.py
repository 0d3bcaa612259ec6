"""Which columns of a result its query orders it by."""

from sqlglot import exp

from speql_sql.parse import parse_query


def ordered_columns(sql: str, dialect: str = "duckdb") -> tuple[int, ...]:
    """Output columns (from 0) that the outer ORDER BY sorts by, up to the first key that is no output column.

    Empty if the query is not ordered, or by nothing that its result shows: then any order of equal rows is right.

    >>> ordered_columns("SELECT a, b AS c FROM t ORDER BY c DESC, 1, a + 1, b")
    (1, 0)
    """
    query = parse_query(sql, dialect).query
    order = query.args.get("order") if query is not None else None
    if query is None or order is None:
        return ()
    outputs = [_name(projection) for projection in query.selects]
    found = []
    for key in order.expressions:
        column = _position(key.this, outputs)
        if column is None:
            break
        found.append(column)
    return tuple(found)


def without_order(sql: str, dialect: str = "duckdb") -> str | None:
    """The query without its outer ORDER BY, LIMIT and OFFSET, written anew; None if it is not a whole query.

    >>> without_order("SELECT a FROM t -- all of them\\nORDER BY a LIMIT 3")
    'SELECT a FROM t'
    """
    query = parse_query(sql, dialect).query
    if query is None:
        return None
    for clause in ("order", "limit", "offset"):
        query.set(clause, None)
    return query.sql(dialect=dialect, comments=False)


def _name(projection: exp.Expr) -> str:
    return projection.alias_or_name.lower()


def _position(key: exp.Expr, outputs: list[str]) -> int | None:
    if isinstance(key, exp.Literal) and not key.is_string and key.this.isdecimal():
        return int(key.this) - 1 if 0 < int(key.this) <= len(outputs) and "*" not in outputs else None
    if not isinstance(key, exp.Column) or outputs.count(key.name.lower()) != 1 or "*" in outputs:
        return None
    return outputs.index(key.name.lower())
