"""What NOT of a comparison is."""

from sqlglot import exp

from speql_sql.copy_tree import copy_tree

_OPPOSITES: dict[type[exp.Expr], type[exp.Binary]] = {
    exp.EQ: exp.NEQ,
    exp.NEQ: exp.EQ,
    exp.LT: exp.GTE,
    exp.LTE: exp.GT,
    exp.GT: exp.LTE,
    exp.GTE: exp.LT,
}


def opposite(comparison: exp.Expr) -> exp.Expr | None:
    """The comparison that is true where this one is false, and NULL where it is NULL; None where there is none.

    NOT of ``= ANY`` is ``<> ALL`` and not ``<> ANY``. Of two rows neither need be less when they have NULLs.

    >>> import sqlglot
    >>> opposite(sqlglot.parse_one("a < b")).sql(), opposite(sqlglot.parse_one("a = ANY (SELECT b FROM t)"))
    ('a >= b', None)
    """
    found = _OPPOSITES.get(type(comparison))
    if found is None or is_quantified(comparison):
        return None
    has_rows = any(isinstance(side.unnest(), exp.Tuple) for side in comparison.iter_expressions())
    if has_rows and not isinstance(comparison, (exp.EQ, exp.NEQ)):
        return None
    return found(this=copy_tree(comparison.this), expression=copy_tree(comparison.expression))


def is_quantified(comparison: exp.Expr) -> bool:
    """Whether it compares with ANY or ALL of something."""
    return any(isinstance(side, (exp.Any, exp.All)) for side in (comparison.this, comparison.args.get("expression")))
