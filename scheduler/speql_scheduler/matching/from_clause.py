"""The FROM of a SELECT in normal form: tables joined inner, tables joined left onto them, and one condition."""

from dataclasses import dataclass, field

from sqlglot import exp

from speql_scheduler.matching.normal_text import conjuncts


@dataclass
class FromClause:
    """``sigma(where)((inner_1 x ... x inner_n) left join left_1 on ... left join left_m on ...)``.

    Sources are kept by alias. Every inner ON is part of ``where``: a condition on the preserved side commutes with a
    LEFT JOIN. A left join whose columns ``where`` cannot all find NULL is an inner one. ``opaque`` says why a FROM
    has no such form; it is then only ever compared whole.
    """

    sources: dict[str, exp.Expr] = field(default_factory=dict)
    inner: list[str] = field(default_factory=list)
    left: list[tuple[str, list[exp.Expr]]] = field(default_factory=list)
    where: list[exp.Expr] = field(default_factory=list)
    opaque: str = ""


def from_clause(select: exp.Select) -> FromClause:
    """The normal form of a SELECT's FROM and WHERE."""
    clause = FromClause()
    from_ = select.args.get("from_")
    joins = select.args.get("joins") or []
    if select.args.get("laterals"):
        clause.opaque = "a LATERAL join"
    for source in [from_.this] if from_ else []:
        clause.sources[source.alias_or_name] = source
        clause.inner.append(source.alias_or_name)
        clause.opaque = clause.opaque or _why_not_plain(source)
    for join in joins:
        source = join.this
        alias = source.alias_or_name
        clause.opaque = clause.opaque or _why_not_plain(source) or _why_not_joined(join)
        clause.sources[alias] = source
        on = conjuncts(join.args.get("on"))
        if join.side == "LEFT":
            clause.left.append((alias, on))
        elif join.side == "RIGHT":
            if len(clause.inner) != 1 or clause.left or clause.where:
                clause.opaque = clause.opaque or "a RIGHT JOIN onto more than one table"
            clause.left = [(clause.inner[0], on)] if clause.inner else []
            clause.inner = [alias]
        else:
            clause.inner.append(alias)
            clause.where.extend(on)
    where = select.args.get("where")
    if clause.opaque:
        clause.where = conjuncts(where.this if where else None)
        return clause
    clause.where.extend(conjuncts(where.this if where else None))
    _make_inner(clause)
    return clause


def _why_not_plain(source: exp.Expr) -> str:
    if isinstance(source, exp.Table) and isinstance(source.this, exp.Identifier):
        allowed = {"this", "db", "catalog", "alias"}
    elif isinstance(source, exp.Subquery) and isinstance(source.this, exp.Query):
        allowed = {"this", "alias"}
    else:
        return f"a {source.key} in FROM"
    alias = source.args.get("alias")
    if any(value for key, value in source.args.items() if key not in allowed) or (alias and alias.columns):
        return "a table with options in FROM"
    return ""


def _why_not_joined(join: exp.Join) -> str:
    known = {"this", "on", "side", "kind"}
    side, kind = join.side, join.kind
    if any(value for key, value in join.args.items() if key not in known):
        return "a join with options"
    if (side == "" and kind in ("", "INNER", "CROSS")) or (side in ("LEFT", "RIGHT") and kind in ("", "OUTER")):
        return ""
    return f"a {' '.join(part for part in (side, kind) if part)} JOIN"


def _make_inner(clause: FromClause) -> None:
    """Turn into inner joins the left joins whose NULL rows the condition removes, until none is left."""
    changed = True
    while changed:
        changed = False
        for alias, on in list(clause.left):
            if any(rejects_null(condition, alias) for condition in clause.where):
                clause.left.remove((alias, on))
                clause.inner.append(alias)
                clause.where.extend(on)
                changed = True


def rejects_null(condition: exp.Expr, alias: str, column: str | None = None) -> bool:
    """Whether the condition cannot be true where the source's columns (or that one column) are NULL."""
    node = condition.unnest()
    if isinstance(node, exp.Column):
        return _is_strict(node, alias, column)
    if isinstance(node, exp.Or):
        return rejects_null(node.left, alias, column) and rejects_null(node.right, alias, column)
    if isinstance(node, exp.And):
        return rejects_null(node.left, alias, column) or rejects_null(node.right, alias, column)
    if isinstance(node, (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Like, exp.ILike)):
        if isinstance(node.expression, (exp.All, exp.Any)) or isinstance(node.this, (exp.All, exp.Any)):
            # NULL = ALL (nothing) is true.
            return False
        return _is_strict(node.this, alias, column) or _is_strict(node.expression, alias, column)
    if isinstance(node, exp.Between):
        return _is_strict(node.this, alias, column)
    if isinstance(node, exp.In):
        return bool(node.expressions) and _is_strict(node.this, alias, column)
    if isinstance(node, exp.Not):
        inner = node.this.unnest()
        if isinstance(inner, exp.Is):
            return isinstance(inner.expression, exp.Null) and _is_strict(inner.this, alias, column)
        if isinstance(inner, (exp.And, exp.Or, exp.Not)):
            return False
        if isinstance(inner, exp.Between):
            # NOT (NULL >= low AND NULL <= high) is NULL, as both parts are.
            return _is_strict(inner.this, alias, column)
        return rejects_null(inner, alias, column)
    return False


def _is_strict(node: exp.Expr, alias: str, column: str | None) -> bool:
    """Whether the expression is NULL where the source's columns (or that one column) are."""
    if isinstance(node, exp.Column):
        return node.table == alias and (column is None or node.name == column)
    if isinstance(node, (exp.Paren, exp.Neg)) or type(node) is exp.Cast:
        return _is_strict(node.this, alias, column)
    if isinstance(node, (exp.Add, exp.Sub, exp.Mul)):
        return _is_strict(node.this, alias, column) or _is_strict(node.expression, alias, column)
    return False
