"""Whether a SELECT needs columns of the SELECTs around it."""

from collections.abc import Iterator, Sequence

from sqlglot import exp

from speql_sql import Catalog


def has_free_columns(query: exp.Expr, ctes: Sequence[exp.CTE], catalog: Catalog | None) -> bool:
    """Whether a query as parsed is correlated.

    A column with a table name is free if no source in the query has that name. One without is free only if the
    columns of all sources are known (from the catalog and the outputs of CTEs and derived tables) and none has it.
    """
    return any(True for _ in _free(query, ctes, catalog))


def _free(query: exp.Expr, ctes: Sequence[exp.CTE], catalog: Catalog | None) -> Iterator[exp.Column]:
    if isinstance(query, exp.Select):
        sources = _sources(query)
        names = {source.alias_or_name.lower() for source in sources}
        columns = _columns(sources, ctes, catalog)
        outputs = {name.lower() for name in query.named_selects}
        for column in _columns_in(query, ctes, catalog):
            if column.table:
                if column.table.lower() not in names:
                    yield column
            elif columns is not None and column.name.lower() not in columns | outputs | names:
                yield column
        return
    for child in query.iter_expressions():
        if isinstance(child, exp.Query):
            yield from _free(child, ctes, catalog)


def _columns_in(node: exp.Expr, ctes: Sequence[exp.CTE], catalog: Catalog | None) -> Iterator[exp.Column]:
    """The columns of a SELECT's own expressions, and those that its inner queries leave free."""
    for child in node.iter_expressions():
        if isinstance(child, exp.Column):
            yield child
        elif isinstance(child, exp.Query):
            yield from _free(child, ctes, catalog)
        else:
            yield from _columns_in(child, ctes, catalog)


def _sources(select: exp.Select) -> list[exp.Expr]:
    from_ = select.args.get("from_")
    joined = [join.this for join in select.args.get("joins") or []]
    found = ([from_.this] if from_ else []) + joined + list(select.args.get("laterals") or [])
    for source in list(found):
        inner = source
        while isinstance(inner, exp.Subquery) and not isinstance(inner.this, exp.Query):
            inner = inner.this
            found.append(inner)
        found += [join.this for join in inner.args.get("joins") or []]
    return found


def _columns(sources: Sequence[exp.Expr], ctes: Sequence[exp.CTE], catalog: Catalog | None) -> set[str] | None:
    """The names of all columns of the sources, or None if those of one are not known."""
    if catalog is None:
        return None
    found: set[str] = set()
    queries = {cte.alias.lower(): cte for cte in ctes}
    for source in sources:
        if isinstance(source, exp.Table) and isinstance(source.this, exp.Identifier):
            cte = queries.get(source.name.lower()) if not source.db else None
            table = catalog.find(source.name, source.db, source.catalog)
            if cte is not None:
                names = _output_names(cte.this, cte.args["alias"].columns)
            else:
                names = set(table.columns_by_name) if table is not None else None
        elif isinstance(source, exp.Subquery) and isinstance(source.this, exp.Query):
            alias = source.args.get("alias")
            names = _output_names(source.this, alias.columns if alias else [])
        else:
            names = None
        if names is None:
            return None
        found |= names
    return found


def _output_names(query: exp.Expr, aliases: Sequence[exp.Expr]) -> set[str] | None:
    if aliases:
        return {alias.name.lower() for alias in aliases}
    query = query.unnest()
    if not isinstance(query, exp.Query) or any(item.is_star for item in query.selects):
        return None
    return {name.lower() for name in query.named_selects if name}
