"""The query to run over a sample of a table so that its result estimates the query's own."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlglot import exp

from speql_scheduler.matching.sample_errors import SIZE, MeasuredQuery, measured_query
from speql_scheduler.matching.sampled_source import Step, is_grouping, sampled_source, upper_parts
from speql_scheduler.matching.spjg import aggregates_of, walk_own
from speql_sql import Catalog
from speql_sql.copy_tree import copy_tree

_SCALED = (exp.Sum, exp.Count, exp.CountIf)
_UNSCALED = (
    exp.Avg,
    exp.Min,
    exp.Max,
    exp.Variance,
    exp.VariancePop,
    exp.Stddev,
    exp.StddevSamp,
    exp.StddevPop,
    exp.Median,
    exp.AnyValue,
    exp.Corr,
    exp.CovarSamp,
    exp.CovarPop,
)


@dataclass(frozen=True)
class SampleEstimates:
    """What to run over a sample in which each row of the table is with probability 1 / ``scale``.

    ``query`` has the columns of the user's query first, of the same types, with SUM and COUNT scaled. ``measured``
    computes the same and standard errors beside, or is None: then ``no_errors`` says why no interval would be sound.
    ``estimated_conditions`` is True if HAVING or a condition above it is decided by estimates. ``ranked`` is True if
    the rows are ordered by estimates, so that the first of them are more likely too high than too low. If ``counted``,
    the last column of both queries is the number of rows, or units, that a group was made from.
    """

    query: exp.Query
    scale: int
    measured: MeasuredQuery | None
    no_errors: str
    estimated_conditions: bool
    ranked: bool
    counted: bool = False


def sample_estimates(query: exp.Query, catalog: Catalog, scale: int, unit: str) -> SampleEstimates | str:
    """The estimates for a qualified query of which the largest base table is sampled, or why a sample says nothing.

    SUM and COUNT are multiplied by ``scale``, a whole number, so that their types stay what they are. That is the
    Horvitz-Thompson estimator (Cochran, Sampling Techniques, chapter 9A): its mean over all samples is the true
    value, whatever was joined, filtered or grouped, since each row of the table contributes on its own. AVG and other
    ratios are not scaled; they are off by less than their standard error. MIN and MAX are those of the sample, no
    interval is known for them. What can be wrong in kind and not just in degree is refused: COUNT DISTINCT, lists,
    quantiles, aggregates not known here, and all that :func:`sampled_source` refuses.

    Groups of few rows may be missing from the result. ``unit`` is the name of the column that says which rows of the
    table were drawn together; see :func:`measured_query`.
    """
    query = copy_tree(query)
    source = sampled_source(query, catalog)
    if isinstance(source, str):
        return source
    grouped = next((place for place, step in enumerate(source.steps) if is_grouping(step.select)), None)
    if grouped is None:
        return SampleEstimates(query, scale, None, "its rows are not aggregated", False, False)
    select = source.steps[grouped].select
    if reason := _refusal(select):
        return reason
    conditions = _estimated_conditions(source.steps[grouped:])
    ranked = _ranked(select)
    reason = _no_errors(query, select, conditions, ranked)
    measured = reason or _measured(query, catalog, grouped, scale, unit)
    _scale(select, scale)
    counted = select is query and not select.args.get("distinct")
    if counted:
        select.select(exp.alias_(exp.Count(this=exp.Star()), SIZE), copy=False)
    return SampleEstimates(
        query=query,
        scale=scale,
        measured=None if isinstance(measured, str) else measured,
        no_errors=measured if isinstance(measured, str) else "",
        estimated_conditions=conditions,
        ranked=ranked,
        counted=counted,
    )


def _aggregates(select: exp.Select) -> Iterator[exp.Expr]:
    for part in upper_parts(select):
        yield from aggregates_of(part)


def _refusal(select: exp.Select) -> str:
    """Why the aggregates of a SELECT cannot be estimated; or nothing."""
    joined = [join.this for join in select.args.get("joins") or ()]
    sources = {node.alias_or_name for node in (select.args["from_"].this, *joined)}
    for part in upper_parts(select):
        for node in part.walk():
            if isinstance(node, (exp.Anonymous, exp.AnonymousAggFunc, exp.UDTF)):
                return f"it calls {node.name or node.key}(), which may be an aggregate"
            inside = node.find_ancestor(exp.Query) if isinstance(node, exp.Column) else None
            if isinstance(node, exp.Column) and inside is not select and node.table in sources:
                return "a subquery above its groups is correlated with them"
    for aggregate in _aggregates(select):
        if isinstance(aggregate, exp.Grouping):
            continue
        if not isinstance(aggregate, _SCALED + _UNSCALED):
            return f"{aggregate.key.upper()} cannot be estimated from a sample"
        if isinstance(aggregate.this, exp.Distinct) and not isinstance(aggregate, (exp.Min, exp.Max)):
            return f"{aggregate.key.upper()}(DISTINCT) cannot be estimated from a sample"
        if isinstance(aggregate.parent, (exp.WithinGroup, exp.IgnoreNulls, exp.RespectNulls)):
            return f"{aggregate.key.upper()} with options cannot be estimated from a sample"
    return ""


def _scale(select: exp.Select, scale: int) -> None:
    """Multiply each SUM and COUNT of a SELECT, in place."""
    for aggregate in list(_aggregates(select)):
        if isinstance(aggregate, _SCALED):
            whole = aggregate.parent if isinstance(aggregate.parent, exp.Filter) else aggregate
            factor = exp.Literal.number(scale)
            whole.replace(exp.paren(exp.Mul(this=whole.copy(), expression=factor), copy=False))


def _estimated_conditions(steps: tuple[Step, ...]) -> bool:
    """Whether a condition in or above the grouping SELECT compares what is only estimated."""
    select = steps[0].select
    having = select.args.get("having")
    if having is not None and any(True for _ in aggregates_of(having)):
        return True
    estimated = {item.alias_or_name for item in select.expressions if any(True for _ in aggregates_of(item))}
    for step in steps[1:]:

        def uses(
            node: exp.Expr | None, source: str = step.source, names: frozenset[str] = frozenset(estimated)
        ) -> bool:
            columns = node.find_all(exp.Column) if node is not None else ()
            return any(column.table == source and column.name in names for column in columns)

        joins = step.select.args.get("joins") or []
        if uses(step.select.args.get("where")) or any(uses(join.args.get("on")) for join in joins):
            return True
        estimated = {item.alias_or_name for item in step.select.expressions if uses(item)}
    return False


def _ranked(select: exp.Select) -> bool:
    """Whether the groups of a SELECT are ordered by an aggregate."""
    order = select.args.get("order")
    if order is None or not select.args.get("group"):
        return False
    outputs = {item.alias_or_name: item for item in select.expressions}
    for ordered in order.expressions:
        key = ordered.this
        if isinstance(key, exp.Column) and not key.table:
            key = outputs.get(key.name, key)
        if isinstance(key, exp.Literal) or any(True for _ in aggregates_of(key)):
            return True
    return False


def _measured(query: exp.Query, catalog: Catalog, grouped: int, scale: int, unit: str) -> MeasuredQuery | str:
    """The query with standard errors: through derived tables and CTEs below its groups the unit is handed up."""
    query = copy_tree(query)
    source = sampled_source(query, catalog)
    if isinstance(source, str):
        return source
    for step in source.steps[:grouped]:
        step.select.select(exp.alias_(exp.column(unit, step.source), unit), copy=False)
    top = source.steps[grouped]
    return measured_query(top.select, exp.column(unit, top.source), scale)


def _no_errors(query: exp.Query, select: exp.Select, conditions: bool, ranked: bool) -> str:
    """Why no interval would be sound; or nothing."""
    if select is not query:
        return "its groups are not its result"
    if conditions:
        return "groups are chosen by estimates"
    if ranked and (select.args.get("limit") or select.args.get("offset") or select.args.get("fetch")):
        return "the first rows are chosen by estimates"
    if select.args.get("distinct"):
        return "it has DISTINCT over its groups"
    if any(part.find(exp.Query) for part in upper_parts(select)):
        return "it has subqueries above its groups"
    if any(isinstance(node, exp.Grouping) for part in upper_parts(select) for node in walk_own(part)):
        return "it groups in several ways"
    return ""
