"""Columns that nobody wrote: a superset query has them beside the user's own."""

from sqlglot import exp

from speql_sql.copy_tree import copy_tree

_ADDED = "speql_added"


def mark_added(projection: exp.Expr) -> exp.Expr:
    """The same projection, marked as added. Copies of a tree keep the mark, its text does not."""
    projection.meta[_ADDED] = True
    return projection


def is_added(projection: exp.Expr) -> bool:
    """Whether a projection was added to its SELECT."""
    return bool(projection._meta and projection._meta.get(_ADDED))


def mark_as_in(tree: exp.Expr, marked: exp.Expr) -> None:
    """Mark in ``tree``, which was parsed from the text of ``marked``, what is marked there.

    Where the two do not have the same columns in all their SELECTs nothing is marked.
    """
    columns, models = _columns(tree), _columns(marked)
    if [column.alias_or_name for column in columns] == [model.alias_or_name for model in models]:
        for column, model in zip(columns, models, strict=True):
            if is_added(model):
                mark_added(column)


def without_added_inside(query: exp.Query) -> exp.Query:
    """The query, what it reads without added columns: they change no row, and nobody reads them but whoever adds more.

    A query over them would be another than the user's, which reads CTEs and derived tables as they are written. Added
    columns of the outermost SELECT stay. ``query`` itself is not changed.

    >>> import sqlglot
    >>> query = sqlglot.parse_one("WITH c AS (SELECT a, b FROM t) SELECT a, d FROM c")
    >>> for name in ("b", "d"):
    ...     _ = mark_added(next(column for column in query.find_all(exp.Column) if column.name == name))
    >>> without_added_inside(query).sql()
    'WITH c AS (SELECT a FROM t) SELECT a, d FROM c'
    """
    result = copy_tree(query)
    outermost = result.unnest() if isinstance(result, exp.Subquery) else result
    changed = False
    for select in result.find_all(exp.Select):
        kept = [projection for projection in select.expressions if not is_added(projection)]
        if select is not outermost and 0 < len(kept) < len(select.expressions):
            select.set("expressions", kept)
            changed = True
    return result if changed else query


def _columns(tree: exp.Expr) -> list[exp.Expr]:
    return [projection for select in tree.find_all(exp.Select) for projection in select.expressions]
