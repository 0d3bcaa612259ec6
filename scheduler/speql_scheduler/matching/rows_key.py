"""One key for all queries that give the same rows, whatever their columns are called."""

from sqlglot import exp

from speql_scheduler.matching.canonical import (
    COLUMN_NAMES,
    LIMIT,
    NOTHING_LEFT_OUT,
    digest,
    names_with_ctes,
    no_names,
    query_text,
)

_ORDERED = ("order", "limit", "offset", "fetch")


def rows_key(qualified: exp.Query, *, with_limit: bool = True) -> str:
    """The key of a qualified query: two queries of one key give the same rows, column by column, without their outer
    LIMIT if ``with_limit`` is False.

    It is the canonical key but for what the columns are called, where that is nothing but names. And
    ``SELECT * FROM x`` has the key of what ``x`` is.
    """
    without = NOTHING_LEFT_OUT if with_limit else LIMIT
    if not _names_matter(qualified):
        without |= COLUMN_NAMES
    names = no_names()
    while (source := _all_of(qualified)) is not None:
        names, qualified = names_with_ctes(qualified, names), source
    return digest(query_text(qualified, names, without=without))


def _names_matter(qualified: exp.Query) -> bool:
    """Whether the rows of a query may be others if its columns are called otherwise: something refers to an output
    (then by its bare name), or the names are in the rows.
    """
    in_rows = any(select.args.get("kind") for select in qualified.find_all(exp.Select))
    return in_rows or any(not column.table for column in qualified.find_all(exp.Column))


def _all_of(query: exp.Query) -> exp.Query | None:
    """The CTE or derived table of which the query is all columns and all rows, in any order; None if it is not that."""
    if not isinstance(query, exp.Select) or not _given(query) <= {"expressions", "from_", "with_"}:
        return None
    from_, with_ = query.args.get("from_"), query.args.get("with_")
    source = from_.this if from_ is not None else None
    if source is None or not _given(source) <= {"this", "alias"} or (with_ is not None and with_.recursive):
        return None
    inner = _named_by(source, with_)
    if inner is None or any(inner.args.get(key) for key in _ORDERED):
        return None
    columns = [item.unalias() for item in query.expressions]
    name = source.alias_or_name
    taken = [column.name for column in columns if isinstance(column, exp.Column) and column.table == name]
    return inner if taken == inner.named_selects and len(set(taken)) == len(columns) else None


def _named_by(source: exp.Expr, with_: exp.With | None) -> exp.Query | None:
    """The query that a source of a FROM is, if its columns are called there as in itself."""
    named: list[exp.Expr] = [source]
    if isinstance(source, exp.Table):
        named += [cte for cte in (with_.expressions if with_ is not None else ()) if cte.alias == source.name][:1]
    aliases = [alias for one in named if isinstance(alias := one.args.get("alias"), exp.TableAlias)]
    inner = named[-1].this
    return inner if isinstance(inner, exp.Query) and not any(alias.columns for alias in aliases) else None


def _given(node: exp.Expr) -> set[str]:
    return {key for key, value in node.args.items() if value}
