"""Write the expressions of a query in terms of the columns of a view."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlglot import exp

from speql_scheduler.matching.predicates import ColumnKey


class NotInViewError(Exception):
    """An expression needs something that the view does not have; the message says what."""


class Substitution:
    """Rebuild expressions over the sources that a view replaces, as expressions over the view.

    ``column`` gives the view's column for a column of the query, ``text`` the normal text of an expression, ``held``
    what the view has for a whole expression (or None), ``check`` raises for a node that must not be computed from the
    view's rows though its arguments are there, ``aggregate`` what to do with an aggregate of the SELECT itself (None:
    leave it, and rebuild its arguments). Columns of other sources stay as they are. Nothing is changed in place.

    ``keys`` are given for what is evaluated above a GROUP BY: the grouping keys by their text, as the new GROUP BY
    writes them. Outside of aggregates nothing else is in reach there, so an expression of keys is computed from them
    even where the view has it as a column.
    """

    def __init__(
        self,
        replaced: frozenset[str],
        column: Callable[[ColumnKey], exp.Column | None],
        text: Callable[[exp.Expr], str],
        held: Callable[[exp.Expr], exp.Expr | None],
        check: Callable[[exp.Expr], None] | None = None,
        aggregate: Callable[[exp.Expr], exp.Expr | None] | None = None,
        keys: Mapping[str, exp.Expr] | None = None,
    ) -> None:
        self._replaced = replaced
        self._column = column
        self._text = text
        self._held = held
        self._check = check
        self._aggregate = aggregate
        self._keys = keys

    def apply(self, node: exp.Expr) -> exp.Expr:
        """The expression over the view. Raises :class:`NotInViewError` where the view does not have enough."""
        return self._rebuilt(node, own=True)

    def without_aggregates(self) -> "Substitution":
        """The same for single rows: the arguments of aggregates, and what is evaluated below the grouping."""
        return Substitution(self._replaced, self._column, self._text, self._held, self._check)

    def with_aggregates(self, aggregate: Callable[[exp.Expr], exp.Expr | None]) -> "Substitution":
        """The same for what is evaluated above the grouping of a view that has groups itself."""
        return Substitution(self._replaced, self._column, self._text, self._held, self._check, aggregate)

    def above_groups(self, keys: Mapping[str, exp.Expr]) -> "Substitution":
        """The same for what is evaluated above a GROUP BY of these keys: of each group one value stands for all."""
        return Substitution(self._replaced, self._column, self._text, self._held, None, self._aggregate, keys)

    def _rebuilt(self, node: exp.Expr, own: bool) -> exp.Expr:
        if self._keys is not None and own:
            return self._rebuilt_above(node, self._keys)
        if isinstance(node, exp.Column):
            return self._rebuilt_column(node)
        if own and (found := self._held(node)) is not None:
            return found
        if own and self._aggregate is not None:
            if isinstance(node, exp.Window):
                return self._rebuilt_window(node)
            if isinstance(node, (exp.AggFunc, exp.Filter, exp.WithinGroup)):
                replacement = self._aggregate(node)
                if replacement is not None:
                    return replacement
        own = own and not isinstance(node, exp.Query)
        return self._rebuilt_arguments(node, own)

    def _rebuilt_above(self, node: exp.Expr, keys: Mapping[str, exp.Expr]) -> exp.Expr:
        if not isinstance(node, (exp.Ordered, exp.Order, exp.Having, exp.Qualify, exp.Literal, exp.Alias)):
            key = keys.get(self._text(node))
            if key is not None:
                return key.copy()
        if isinstance(node, exp.Column):
            if node.table in self._replaced:
                raise NotInViewError(f"{node.table}.{node.name} is not a grouping key as it stands")
            return node.copy()
        if isinstance(node, exp.Window):
            return self._rebuilt_window(node)
        if isinstance(node, (exp.AggFunc, exp.Filter, exp.WithinGroup)) and not isinstance(node, exp.Grouping):
            replacement = self._aggregate(node) if self._aggregate is not None else None
            return self.without_aggregates().apply(node) if replacement is None else replacement
        if isinstance(node, exp.Query):
            return self.without_aggregates()._rebuilt_arguments(node, False)
        return self._rebuilt_arguments(node, True)

    def _rebuilt_arguments(self, node: exp.Expr, own: bool) -> exp.Expr:
        if self._check is not None:
            self._check(node)
        return type(node)(**{key: self._argument(value, own) for key, value in node.args.items()})

    def _argument(self, value: Any, own: bool) -> Any:
        if isinstance(value, exp.Expr):
            return self._rebuilt(value, own)
        if isinstance(value, list):
            return [self._argument(item, own) for item in value]
        return value

    def _rebuilt_column(self, node: exp.Column) -> exp.Expr:
        if node.table not in self._replaced:
            return node.copy()
        found = self._column((node.table, node.name))
        if found is None:
            raise NotInViewError(f"the view does not have {node.table}.{node.name}")
        return found.copy()

    def _rebuilt_window(self, node: exp.Window) -> exp.Expr:
        """The function of a window is no aggregate of the SELECT, but its arguments may hold some."""
        function = node.this
        rebuilt = (
            self._rebuilt_arguments(function, True)
            if not isinstance(function, (exp.Filter, exp.IgnoreNulls, exp.RespectNulls))
            else type(function)(
                **{
                    key: self._rebuilt_arguments(value, True) if key == "this" else self._argument(value, True)
                    for key, value in function.args.items()
                }
            )
        )
        others = {key: self._argument(value, True) for key, value in node.args.items() if key != "this"}
        return type(node)(this=rebuilt, **others)
