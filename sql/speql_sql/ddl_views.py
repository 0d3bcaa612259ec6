"""The columns of a view or a CREATE TABLE AS, as far as its query tells them."""

from collections.abc import Iterator, Mapping, Sequence

from sqlglot import exp

from speql_sql.catalog import Catalog, Column
from speql_sql.ddl_tables import NotReadError
from speql_sql.ddl_types import spelled_type
from speql_sql.output_names import tells_names
from speql_sql.qualify import qualify_query


def output_columns(
    query: exp.Query, catalog: Catalog, names: Sequence[str], types: Mapping[str, exp.DataType]
) -> tuple[Column, ...]:
    """The output columns of a query, renamed by ``names``; raises :class:`NotReadError` where a name is not told.

    The type of a plain column, of a count and of a cast is known; of any other expression it is empty.
    """
    qualified = qualify_query(query, catalog)
    if qualified.query is None:
        raise NotReadError(f"Its query is not understood: {qualified.problems[0].message.rstrip('.')}")
    outputs = qualified.query.named_selects
    renamed = [*names, *outputs[len(names) :]]
    first = _first_select(qualified.query)
    projections = first.expressions if first is not None else []
    if len(projections) != len(outputs) or len(names) > len(outputs):
        raise NotReadError("Its columns cannot be told")
    if len(names) < len(outputs) and not tells_names(query):
        raise NotReadError("A column of its query has no name: the engine makes one up")
    if len({name.lower() for name in renamed}) < len(renamed):
        raise NotReadError("Two of its columns have the same name")
    known = [""] * len(outputs)
    if isinstance(qualified.query, exp.Select) and first is not None:
        known = [_type(item.unalias(), first, catalog, types) for item in projections]
    return tuple(Column(name, type_) for name, type_ in zip(renamed, known, strict=True))


def _first_select(query: exp.Expr | None) -> exp.Select | None:
    while isinstance(query, exp.Subquery | exp.SetOperation):
        query = query.this
    return query if isinstance(query, exp.Select) else None


def _type(value: exp.Expr, select: exp.Select, catalog: Catalog, types: Mapping[str, exp.DataType]) -> str:
    if isinstance(value, exp.Cast) and isinstance(value.to, exp.DataType):
        return spelled_type(value.to, catalog.dialect, types)
    if isinstance(value, exp.Count) and catalog.dialect == "duckdb":
        return "BIGINT"
    if not isinstance(value, exp.Column):
        return ""
    source = next((one for one in _sources(select) if one.alias_or_name == value.table), None)
    if not isinstance(source, exp.Table):
        return ""
    table = catalog.find(source.name, source.db, source.catalog)
    column = table.column(value.name) if table is not None else None
    # A collation that the column declares is told apart at the end, where it is known whether there is any.
    return column.type.split(" COLLATE ", 1)[0] if column is not None else ""


def _sources(select: exp.Select) -> Iterator[exp.Expr]:
    for clause in (select.args.get("from_"), *(select.args.get("joins") or ())):
        if isinstance(clause, exp.Expr) and isinstance(clause.this, exp.Expr):
            yield clause.this
