"""Read a SELECT from a view that holds the same rows, whatever they are made by."""

from collections.abc import Mapping

from sqlglot import exp

from speql_scheduler.matching.canonical import OUTPUTS, OUTPUTS_AND_ORDER, text_in_order
from speql_scheduler.matching.normal_text import Names, normal_text
from speql_scheduler.matching.spjg import Block
from speql_scheduler.matching.view import View

_LIMITS = ("limit", "offset", "fetch")


def identical_select(
    query: Block, view: View, block: Block, mapping: Mapping[str, str], alias: str
) -> exp.Select | None:
    """The query's SELECT as a projection of the view, if both have the same text under its output columns.

    Nothing need be understood of what the text says: windows, ROLLUP, QUALIFY, FULL JOIN. ORDER BY and LIMIT may be
    put on top of a view that has none. A view with a LIMIT serves only the same LIMIT over the same ORDER BY, and
    then it is not applied again. Outputs of the query must be outputs of the view, or scalar expressions of them.
    """
    if len(mapping) != len(query.clause.sources) or query.body_text != block.body_text:
        return None
    limited = any(block.select.args.get(key) for key in _LIMITS) or block.limits_rows == "DISTINCT ON"
    without = OUTPUTS if limited else OUTPUTS_AND_ORDER
    if query.clause.opaque:
        view_order = tuple(mapping)
        query_order = tuple(mapping.values())
        if query.text_without(without) != block.text_without(without):
            return None
    else:
        query_order = tuple(query.clause.sources)
        back = {target: source for source, target in mapping.items()}
        view_order = tuple(back[source] for source in query_order)
        texts = [
            text_in_order(b.select, b.clause, b.identities, order, b.names.standing_alone(), without)
            for b, order in ((query, query_order), (block, view_order))
        ]
        if texts[0] != texts[1]:
            return None
    query_names, view_names = _numbered(query, query_order), _numbered(block, view_order)
    if limited and not _same_order_keys(query, block, query_names, view_names):
        return None
    return _Projection(query, view, block, alias, query_names, view_names).select(limited)


def view_source(view: View, alias: str) -> exp.Table:
    """The temp table of the view, as a source of FROM."""
    table = view.table.copy()
    table.set("alias", exp.TableAlias(this=exp.to_identifier(alias)))
    return table


def _numbered(block: Block, order: tuple[str, ...]) -> Names:
    return block.names.standing_alone().inside({alias: f"s{number}" for number, alias in enumerate(order)})


def _same_order_keys(query: Block, view: Block, query_names: Names, view_names: Names) -> bool:
    """Whether names of output columns in ORDER BY and DISTINCT ON stand for the same in both."""
    names = {
        column.name.lower()
        for select in (query.select, view.select)
        for key in ("order", "distinct")
        if isinstance(part := select.args.get(key), exp.Expr)
        for column in part.find_all(exp.Column)
        if not column.table
    }
    outputs = [
        {item.alias.lower(): normal_text(item.unalias(), scope) for item in block.select.expressions}
        for block, scope in ((query, query_names), (view, view_names))
    ]
    return all(outputs[0].get(name) == outputs[1].get(name) for name in names)


_WHOLE = (
    *(exp.Column, exp.AggFunc, exp.Window, exp.Query, exp.Anonymous, exp.Grouping, exp.UDTF),
    *(exp.Filter, exp.WithinGroup, exp.IgnoreNulls, exp.RespectNulls),
)
"""What a view has as it stands or not at all: no part of it is another expression."""


class _NotHeldError(Exception):
    """The view has no output for an expression."""


class _Projection:
    """The outputs and the ORDER BY of a query over the outputs of a view with the same rows."""

    def __init__(
        self, query: Block, view: View, block: Block, alias: str, query_names: Names, view_names: Names
    ) -> None:
        self._query = query
        self._view = view
        self._alias = alias
        self._names = query_names
        self._held: dict[str, exp.Column] = {}
        for number, item in enumerate(block.select.expressions):
            column = exp.Column(
                this=exp.to_identifier(view.columns[number], quoted=True), table=exp.to_identifier(alias)
            )
            self._held.setdefault(normal_text(item.unalias(), view_names), column)

    def select(self, limited: bool) -> exp.Select | None:
        source = self._query.select
        try:
            outputs = [
                exp.alias_(self._rebuilt(item.unalias()), item.args["alias"].copy()) for item in source.expressions
            ]
            order = self._order(source.args.get("order"))
        except _NotHeldError:
            return None
        if (distinct := source.args.get("distinct")) is not None and not distinct.args.get("on"):
            wanted = {normal_text(item.unalias(), self._names) for item in source.expressions}
            if wanted != set(self._held):
                return None
        select = exp.Select(expressions=outputs, from_=exp.From(this=view_source(self._view, self._alias)))
        if order is not None:
            select.set("order", order)
        for key in () if limited else _LIMITS:
            if (value := source.args.get(key)) is not None:
                select.set(key, value.copy())
        return select

    def _order(self, order: exp.Expr | None) -> exp.Expr | None:
        if order is None:
            return None
        keys = []
        for ordered in order.expressions:
            key = ordered.copy()
            if not (isinstance(key.this, exp.Column) and not key.this.table):
                key.set("this", self._rebuilt(key.this))
            keys.append(key)
        return exp.Order(expressions=keys)

    def _rebuilt(self, node: exp.Expr) -> exp.Expr:
        """The expression over the view's columns: an output of the view, or a scalar expression of such."""
        held = self._held.get(normal_text(node, self._names))
        if held is not None:
            return held.copy()
        if isinstance(node, _WHOLE):
            raise _NotHeldError
        return type(node)(
            **{
                key: [self._rebuilt(v) if isinstance(v, exp.Expr) else v for v in value]
                if isinstance(value, list)
                else self._rebuilt(value)
                if isinstance(value, exp.Expr)
                else value
                for key, value in node.args.items()
            }
        )
