"""Grouping keys whose equal values need not be identical, and what may be computed from them."""

from collections.abc import Callable, Set

from sqlglot import exp

from speql_scheduler.matching.literals import family_of
from speql_scheduler.matching.spjg import Block
from speql_scheduler.matching.substitution import NotInViewError
from speql_scheduler.matching.units_of_time import time_part

_FAMILIES = ("exact", "date", "timestamp", "text")
_IDENTICAL = frozenset(
    (
        *("BOOLEAN", "HUGEINT", "UHUGEINT", "UBIGINT", "UUID", "BLOB", "TIME"),
        *("TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ"),
    )
)
_COMPARISONS: tuple[type[exp.Expr], ...] = (
    *(exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.NullSafeEQ, exp.NullSafeNEQ),
    *(exp.In, exp.Between, exp.Is, exp.And, exp.Or, exp.Not, exp.Exists),
)
_SAME_VALUE: tuple[type[exp.Expr], ...] = (exp.Paren, exp.Coalesce, exp.Case, exp.If, exp.Nullif)
_ARITHMETIC: tuple[type[exp.Expr], ...] = (exp.Add, exp.Sub, exp.Mul, exp.Neg, exp.Abs, exp.Round, exp.Floor, exp.Ceil)
_CLAUSES: tuple[type[exp.Expr], ...] = (
    *(exp.Alias, exp.Ordered, exp.Order, exp.Group, exp.Tuple, exp.Rollup, exp.Cube, exp.GroupingSets, exp.Distinct),
    *(exp.Where, exp.Having, exp.Count, exp.Min, exp.Max, exp.Select, exp.Subquery),
)
_OF_TEXT: tuple[type[exp.Expr], ...] = (exp.Upper, exp.Lower, exp.Substring, exp.DPipe, exp.Concat, exp.Trim, exp.Left)


class LooseKeys:
    """Which keys of a view stand for several values; nothing may be computed from them that tells these apart.

    ``0.0`` and ``-0.0`` are one group, and so are ``'a'`` and ``'A'`` of a collation, an interval of a month and one of
    thirty days, and values of a type that is not known. The temp table has only one of them. A comparison gives the
    same for all; ``CAST(x AS VARCHAR)`` does not, so it cannot be computed from the groups.
    """

    def __init__(self, query: Block, sources: frozenset[str], text: Callable[[exp.Expr], str], texts: Set[str]) -> None:
        self._query = query
        self._sources = sources
        self._text = text
        self._texts = texts

    def check(self, node: exp.Expr) -> None:
        """Raise :class:`NotInViewError` if the node computes from a loose key what equal values need not share."""
        if isinstance(node, (*_COMPARISONS, *_CLAUSES, *_SAME_VALUE)):
            return
        for child in node.iter_expressions():
            if self._is_loose(child) and not (isinstance(node, _ARITHMETIC) and self._is_float(child)):
                shown = node.sql(dialect=self._query.catalog.dialect)
                raise NotInViewError(f"{shown} may differ for equal values of a grouping key of the view")

    def _is_float(self, node: exp.Expr) -> bool:
        return family_of(self._query.expression_type(node)[0]) == "float"

    def _is_loose(self, node: exp.Expr) -> bool:
        """Whether the value may be one of several that are equal."""
        if isinstance(node, exp.Column):
            if node.table not in self._sources:
                return False
            return not is_identical_if_equal(self._query.column_type((node.table, node.name))[0])
        if self._texts and self._text(node) in self._texts:
            return True
        if isinstance(node, (*_SAME_VALUE, *_ARITHMETIC)):
            return any(self._is_loose(child) for child in node.iter_expressions())
        return False


def loose_keys(block: Block) -> list[exp.Expr]:
    """The grouping keys of a SELECT whose equal values need not be identical."""
    return [key for key in block.grouping or () if not _has_one_form(key, block)]


def is_identical_if_equal(type_name: str | None) -> bool:
    """Whether two values of a type that are equal are the same in every respect."""
    if not type_name:
        return False
    return family_of(type_name) in _FAMILIES or type_name.upper().split("(", 1)[0].strip() in _IDENTICAL | {"ENUM"}


def _has_one_form(node: exp.Expr, block: Block) -> bool:
    node = node.unnest()
    if isinstance(node, exp.Column):
        return is_identical_if_equal(block.column_type((node.table, node.name))[0])
    if isinstance(node, (exp.Literal, exp.Boolean, exp.Null, *_COMPARISONS, exp.Like, exp.ILike, exp.Length)):
        return True
    if isinstance(node, exp.Cast):
        return isinstance(node.to, exp.DataType) and is_identical_if_equal(node.to.sql(dialect=block.catalog.dialect))
    if isinstance(node, exp.Case):
        values = [branch.args["true"] for branch in node.args["ifs"]] + [node.args.get("default") or exp.null()]
        return all(_has_one_form(value, block) for value in values)
    if isinstance(node, (exp.Coalesce, *_OF_TEXT)):
        return all(_has_one_form(child, block) for child in node.iter_expressions())
    if time_part(node) is not None:
        return True
    return is_identical_if_equal(block.expression_type(node)[0])
