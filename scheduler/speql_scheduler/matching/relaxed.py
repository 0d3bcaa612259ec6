"""A SELECT without one of its conditions, from which it can be computed whatever constant the condition has."""

from sqlglot import exp

from speql_scheduler.matching.components import finer_select
from speql_scheduler.matching.spjg import Block
from speql_sql.copy_tree import copy_tree


def relaxed_select(block: Block, column: str) -> exp.Select | str:
    """The SELECT without its conditions that compare that column with constants, and with the column instead.

    Where rows are grouped the column becomes a key, and aggregates become what adds up to them
    (:func:`~speql_scheduler.matching.components.finer_select`); elsewhere it becomes an output. Or the reason why the
    SELECT cannot be relaxed so. ``column`` is a name in lower case.
    """
    hot = [condition for condition in block.clause.where if _compares(condition, column)]
    if not hot:
        return f"no condition compares {column} with a constant"
    if block.limits_rows:
        return f"the SELECT has {block.limits_rows}"
    if block.grouping is not None:
        return finer_select(block, (), hot)
    if block.has_windows:
        return "the SELECT has window functions"
    if block.clause.opaque:
        return f"the SELECT has {block.clause.opaque}"
    return _with_column(block, hot)


def _compares(condition: exp.Expr, column: str) -> bool:
    """Whether the condition is about that one column and constants."""
    columns = list(condition.find_all(exp.Column))
    return (
        bool(columns)
        and all(found.name.lower() == column for found in columns)
        and len({found.table for found in columns}) == 1
        and condition.find(exp.Query, exp.Subquery) is None
        and condition.find(exp.Literal) is not None
    )


def _with_column(block: Block, hot: list[exp.Expr]) -> exp.Select | str:
    """An ungrouped SELECT: the conditions are taken out of WHERE and of inner joins."""
    select = block.select
    texts = {id(condition) for condition in hot}
    rebuilt = copy_tree(select)
    kept = [copy_tree(condition) for condition in block.clause.where if id(condition) not in texts]
    joins = rebuilt.args.get("joins") or []
    if any((join.side or join.kind or "").upper() not in ("", "INNER", "CROSS") for join in joins):
        return "the SELECT has other than inner joins"
    for join in joins:
        join.set("on", None)
        join.set("kind", "CROSS")
    rebuilt.set("where", exp.Where(this=exp.and_(*kept, copy=False)) if kept else None)
    names = {projection.alias_or_name.lower() for projection in rebuilt.expressions}
    outputs = {projection.unalias().sql() for projection in rebuilt.expressions}
    for found in {column.sql(): column for condition in hot for column in condition.find_all(exp.Column)}.values():
        if found.sql() in outputs:
            continue
        name, number = found.name, 2
        while name.lower() in names:
            name, number = f"{found.name}_{number}", number + 1
        names.add(name.lower())
        rebuilt.append("expressions", exp.alias_(copy_tree(found), name, quoted=True))
    return rebuilt
