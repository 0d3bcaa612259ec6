"""The rows that a query is free to choose from, where SQL leaves open which of equal ones it gives."""

from sqlglot import exp

from speql_sql.parse import parse_query

_FIRST_ROWS = ("limit", "offset")


def choices(sql: str, dialect: str = "duckdb") -> str | None:
    """The query whose rows the outer LIMIT, OFFSET and DISTINCT ON choose from; None if there is none of these.

    Of a DISTINCT ON these are, of each group, the rows that are equal first ones by its ORDER BY.

    >>> choices("SELECT a FROM (SELECT a FROM t LIMIT 9) AS s ORDER BY a LIMIT 3")
    'SELECT a FROM (SELECT a FROM t LIMIT 9) AS s ORDER BY a'
    >>> choices("SELECT DISTINCT ON (a) a, b AS c FROM t ORDER BY a, c")
    'SELECT a, b AS c FROM t QUALIFY RANK() OVER (PARTITION BY a ORDER BY a, b) = 1'
    """
    query = parse_query(sql, dialect).query
    if query is None:
        return None
    limited = any(query.args.get(clause) for clause in _FIRST_ROWS)
    for clause in _FIRST_ROWS:
        query.set(clause, None)
    chosen = isinstance(query, exp.Select) and _ranked(query)
    return query.sql(dialect=dialect) if limited or chosen else None


def _ranked(select: exp.Select) -> bool:
    """Put the rank of each row in its group in place of DISTINCT ON; False if there is none."""
    distinct = select.args.get("distinct")
    keys = distinct.args.get("on") if isinstance(distinct, exp.Distinct) else None
    if keys is None:
        return False
    keys = keys.expressions if isinstance(keys, exp.Tuple) else [keys]
    order = select.args.get("order")
    by = [key.copy() for key in order.expressions] if order is not None else []
    for key in by:
        key.set("this", _meant(key.this, select))
    # Without an order all rows of a group are equal first ones.
    window = exp.Window(
        this=exp.Anonymous(this="RANK"),
        partition_by=[_meant(key, select) for key in keys],
        order=exp.Order(expressions=by or [exp.Ordered(this=exp.Literal.number(1))]),
    )
    first = exp.EQ(this=window, expression=exp.Literal.number(1))
    around = select.args.get("qualify")
    select.set("qualify", exp.Qualify(this=exp.and_(around.this, first) if around is not None else first))
    select.set("distinct", None)
    select.set("order", None)
    return True


def _meant(key: exp.Expr, select: exp.Select) -> exp.Expr:
    """What a key of DISTINCT ON or ORDER BY stands for, if it is the number or the name of an output column."""
    if isinstance(key, exp.Paren):
        return _meant(key.this, select)
    outputs = select.selects
    if isinstance(key, exp.Literal) and not key.is_string and key.this.isdecimal():
        number = int(key.this)
        return outputs[number - 1].unalias().copy() if 0 < number <= len(outputs) else key.copy()
    if isinstance(key, exp.Column) and not key.table:
        named = [one for one in outputs if isinstance(one, exp.Alias) and one.alias.lower() == key.name.lower()]
        if len(named) == 1:
            return named[0].unalias().copy()
    return key.copy()
