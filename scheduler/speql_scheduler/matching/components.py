"""What finer groups must hold so that every aggregate of a SELECT can be computed from them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlglot import exp

from speql_scheduler.matching.literals import family_of
from speql_scheduler.matching.moments import VARIANCES, exact_scale, squares
from speql_scheduler.matching.normal_text import normal_text
from speql_scheduler.matching.rollup import NUMBERS, has_options
from speql_scheduler.matching.spjg import Block, aggregates_of
from speql_sql.copy_tree import copy_tree

_ADD_UP = (exp.Sum, exp.Count, exp.Min, exp.Max, exp.LogicalAnd, exp.LogicalOr)
_OF_KEYS = (exp.Count, exp.Sum, exp.Avg, exp.Min, exp.Max)


@dataclass(frozen=True)
class Components:
    """Outputs of a grouped SELECT from which coarser groups can be computed.

    ``keys`` are the grouping keys that it needs: those of the SELECT itself, each once (of ROLLUP, CUBE and GROUPING
    SETS those of the finest grouping), then those that only DISTINCT aggregates need. ``aggregates`` are what it has
    to compute for each group. Neither has names; none is said twice.
    """

    aggregates: tuple[exp.Expr, ...]
    keys: tuple[exp.Expr, ...]


def components_of(block: Block) -> Components | str:
    """The components of a grouped SELECT of a qualified query, or why coarser groups do not add up to its own.

    AVG becomes SUM and COUNT of its argument, VARIANCE and STDDEV the sum of squares too; SUM, COUNT, MIN, MAX,
    BOOL_AND and BOOL_OR stand for themselves; DISTINCT aggregates need their argument as a key. A FILTER goes to each
    component. The decomposition is the one of "distributive" and "algebraic" aggregates (Gray et al., Data Cube, 1997).

    A temp table that groups by these keys (and any others), computes these aggregates and has no HAVING serves the
    SELECT, also with more conditions on its keys: see :func:`finer_select`.
    """
    if block.unknown_function:
        return f"the SELECT calls {block.unknown_function}(), which may be an aggregate"
    if block.grouping is None:
        return "the SELECT has no groups"
    if block.clause.opaque:
        return f"the SELECT has {block.clause.opaque}"
    if block.has_windows and block.select.args.get("group") is None and not block.has_aggregates:
        return "the SELECT has DISTINCT over window functions"
    keys = _Unique(block, block.all_grouping_keys() if block.select.args.get("group") else block.grouping)
    aggregates = _Unique(block, constants=True)
    for function, condition in _aggregates(block):
        reason = _take_apart(block, function, condition, aggregates, keys)
        if reason:
            return reason
    return Components(tuple(aggregates.items), tuple(keys.items))


def finer_select(block: Block, more_keys: Iterable[exp.Expr], left_out: Iterable[exp.Expr] = ()) -> exp.Select | str:
    """A SELECT of finer groups, over more rows, from which the block's SELECT can be computed; or why there is none.

    ``left_out`` are conjuncts of ``block.clause.where`` (by identity) that it does not apply; their columns become
    keys. Its columns are named ``k0, k1 ...`` and ``a0, a1 ...``. It has no HAVING, ORDER BY or LIMIT, and only those
    CTEs that are in the SELECT's own WITH.
    """
    components = components_of(block)
    if isinstance(components, str):
        return components
    dropped = list(left_out)
    columns = [column for node in dropped for column in node.find_all(exp.Column)]
    if any(len({column.table for column in node.find_all(exp.Column)}) > 1 for node in dropped):
        return "a condition on several tables is part of the join"
    keys = _Unique(block, [*components.keys, *more_keys, *columns])
    if any(node.find(exp.Query) is not None for node in [*dropped, *keys.items]):
        return "a subquery cannot be a key"
    if not keys.items:
        return "the SELECT is one group"
    named = [(f"k{number}", key) for number, key in enumerate(keys.items)]
    named += [(f"a{number}", aggregate) for number, aggregate in enumerate(components.aggregates)]
    finer = exp.Select(
        expressions=[exp.alias_(item.copy(), name, quoted=True) for name, item in named],
        group=exp.Group(expressions=[key.copy() for key in keys.items]),
    )
    if block.select.args.get("with_"):
        finer.set("with_", copy_tree(block.select.args["with_"]))
    _set_from(finer, block, [node for node in block.clause.where if not any(node is other for other in dropped)])
    return finer


def _set_from(select: exp.Select, block: Block, conditions: list[exp.Expr]) -> None:
    """Join the sources of the block; a condition stands at the first join at which all that it names is there."""
    seen: set[str] = set()
    for alias in block.clause.inner:
        seen.add(alias)
        source = copy_tree(block.clause.sources[alias])
        if not select.args.get("from_"):
            select.set("from_", exp.From(this=source))
            continue
        on = [
            node
            for node in conditions
            if alias in (named := {column.table for column in node.find_all(exp.Column)})
            and len(named) > 1
            and named <= seen
        ]
        conditions = [node for node in conditions if not any(node is other for other in on)]
        join = exp.Join(this=source, on=_all_of(on)) if on else exp.Join(this=source, kind="CROSS")
        select.append("joins", join)
    for alias, on in block.clause.left:
        source = copy_tree(block.clause.sources[alias])
        select.append("joins", exp.Join(this=source, side="LEFT", on=_all_of(on)))
    if conditions:
        select.set("where", exp.Where(this=_all_of(conditions)))


def _all_of(conditions: list[exp.Expr]) -> exp.Expr:
    return exp.and_(*(copy_tree(node) for node in conditions), copy=False) if conditions else exp.true()


class _Unique:
    """Expressions of a SELECT, each once."""

    def __init__(self, block: Block, items: Iterable[exp.Expr] = (), *, constants: bool = False) -> None:
        self._block = block
        self._constants = constants
        self._texts: set[str] = set()
        self.items: list[exp.Expr] = []
        for item in items:
            self.add(item)

    def add(self, item: exp.Expr) -> None:
        # Equal columns are two keys: under ROLLUP one may be NULL where the other is not. A constant is no key.
        text = normal_text(item, self._block.inner_names)
        if text not in self._texts and (self._constants or item.find(exp.Column) is not None):
            self._texts.add(text)
            self.items.append(item.copy())


def _aggregates(block: Block) -> Iterator[tuple[exp.Expr, exp.Expr | None]]:
    """The aggregates of a SELECT and their FILTERs."""
    for part in block.upper_parts():
        for function in aggregates_of(part):
            if isinstance(function, (exp.Grouping, exp.GroupingId)):
                continue
            parent = function.parent
            while isinstance(parent, (exp.IgnoreNulls, exp.RespectNulls, exp.WithinGroup)):
                function, parent = parent, parent.parent
            yield function, parent.expression if isinstance(parent, exp.Filter) else None


def _take_apart(
    block: Block, function: exp.Expr, condition: exp.Expr | None, aggregates: _Unique, keys: _Unique
) -> str:
    """Add the components of an aggregate, or say why it has none."""
    reason = f"{function.sql(dialect=block.catalog.dialect)} cannot be computed from groups"
    argument = function.this
    if isinstance(argument, exp.Distinct):
        if not isinstance(function, _OF_KEYS) or argument.args.get("on"):
            return reason
        needed = [*argument.expressions, *([condition.this] if condition is not None else [])]
        for key in needed:
            if key.find(exp.Query) is not None:
                return reason
            keys.add(key)
        return ""
    if has_options(function):
        return reason
    if isinstance(function, _ADD_UP):
        parts: list[exp.Expr] = [function]
    elif isinstance(function, exp.Avg):
        if block.catalog.dialect not in NUMBERS or family_of(block.expression_type(argument)[0]) not in (
            "exact",
            "float",
        ):
            return f"{reason}: its argument is not known to be a number"
        parts = [exp.Sum(this=argument), exp.Count(this=argument, big_int=True)]
    elif isinstance(function, VARIANCES):
        type_name = block.expression_type(argument)[0]
        if block.catalog.dialect != "duckdb" or exact_scale(type_name) is None:
            return f"{reason} exactly: its argument is {type_name or 'of a type that is not known'}"
        parts = [exp.Sum(this=argument), exp.Count(this=argument, big_int=True), squares(argument, type_name)]
    else:
        return reason
    for part in parts:
        part = part.copy()
        aggregates.add(exp.Filter(this=part, expression=condition.copy()) if condition is not None else part)
    return ""
