"""Which table of a query to sample, and whether each of its rows counts once in the result."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlglot import exp

from speql_scheduler.matching.spjg import aggregates_of, base_table, walk_own
from speql_sql import Catalog, Table

_SINGLE_ROWS = frozenset(("", "INNER", "CROSS", "OUTER", "SEMI", "ANTI"))
_UNKNOWN = ("qualify", "match", "laterals", "pivots", "sample", "connect", "into", "windows", "cluster", "distribute")
_PLAIN = frozenset(("this", "db", "catalog", "alias"))
_CUTS = ("limit", "offset", "fetch")


@dataclass(frozen=True)
class Step:
    """One SELECT on the way from the sampled table to the result.

    ``source`` is the alias under which the SELECT reads the table, or the step before. ``united`` is True if the rows
    of another query were appended by UNION ALL before they came here.
    """

    select: exp.Select
    source: str
    united: bool


@dataclass(frozen=True)
class SampledSource:
    """The one read of the largest base table of a query, and the SELECTs through which its rows go, innermost first."""

    read: exp.Table
    table: Table
    steps: tuple[Step, ...]


def sampled_source(query: exp.Query, catalog: Catalog) -> SampledSource | str:
    """The read that a sample may replace, or why a sample of the largest table says nothing of the result.

    Sampling a table keeps each of its rows with the same probability p. What is asked here is that a row contributes
    to the result on its own: whether it is kept must not change what the other rows contribute. So the table is read
    once, by FROM and never inside a condition, it is not the side of a join that is filled up with NULLs, and between
    it and the result stand no windows, no LIMIT, no EXCEPT or INTERSECT and no second grouping. ``query`` is qualified.

    The nodes of the answer are those of ``query`` itself.
    """
    reads = [(read, table) for read in query.find_all(exp.Table) if (table := base_table(read, catalog)) is not None]
    known = [table for _, table in reads if table.row_count]
    if not known:
        return "the sizes of its tables are not known"
    largest = max(known, key=lambda table: table.row_count or 0)
    own = [read for read, table in reads if table is largest]
    if largest.kind != "table":
        return f"{largest.name} is a view"
    if any(value for name, value in own[0].args.items() if name not in _PLAIN):
        return f"{largest.name} is read in a form that is not analysed"
    if len(own) > 1:
        return f"{largest.name} is read {len(own)} times"
    steps = _steps(own[0], query)
    if isinstance(steps, str):
        return steps
    reason = next((reason for reason in _objections(steps, query) if reason), "")
    return reason or SampledSource(own[0], largest, steps)


def is_grouping(select: exp.Select) -> bool:
    """Whether a SELECT makes one row of many."""
    return bool(
        select.args.get("group")
        or select.args.get("having")
        or select.args.get("distinct")
        or any(True for part in upper_parts(select) for _ in aggregates_of(part))
    )


def upper_parts(select: exp.Select) -> Iterator[exp.Expr]:
    """The expressions of a SELECT in which its aggregates stand."""
    yield from select.expressions
    for key in ("having", "order"):
        if isinstance(part := select.args.get(key), exp.Expr):
            yield part


def _steps(read: exp.Table, query: exp.Query) -> tuple[Step, ...] | str:
    """The way up, or where it ends other than in the result."""
    steps: list[Step] = []
    node: exp.Expr = read
    united = False
    while True:
        clause = node.parent
        select = clause.parent if clause is not None else None
        if not isinstance(clause, (exp.From, exp.Join)) or not isinstance(select, exp.Select):
            return "its largest table is not read in a FROM of its own"
        if reason := _join_objection(node, clause, select):
            return reason
        steps.append(Step(select, node.alias_or_name, united))
        found = _way_out(select, query, united)
        if isinstance(found, str):
            return found
        node, united = found
        if node is query:
            return tuple(steps)


def _way_out(select: exp.Select, query: exp.Query, united: bool) -> tuple[exp.Expr, bool] | str:
    """The derived table or CTE reference that the rows of a SELECT come out of, or the query itself."""
    node: exp.Expr = select
    while node is not query:
        parent = node.parent
        if isinstance(parent, exp.SetOperation):
            if not isinstance(parent, exp.Union) or parent.args.get("distinct") or parent.args.get("by_name"):
                return "it has a set operation other than UNION ALL"
            if parent is not query and any(parent.args.get(cut) for cut in _CUTS):
                return "it has a LIMIT inside"
            node, united = parent, True
        elif isinstance(parent, exp.CTE):
            return _reference(parent, query, united)
        elif isinstance(parent, exp.Subquery):
            if any(parent.args.get(name) for name in (*_CUTS, "joins", "laterals", "pivots", "sample", "order")):
                return "its largest table is read in a form that is not analysed"
            if isinstance(parent.parent, (exp.From, exp.Join)):
                return parent, united
            node = parent
        else:
            return "its largest table is read inside a condition"
    return query, united


def _reference(cte: exp.CTE, query: exp.Query, united: bool) -> tuple[exp.Expr, bool] | str:
    name = cte.alias.lower()
    with_ = cte.parent
    if isinstance(with_, exp.With) and with_.recursive:
        return "it has a recursive CTE"
    if sum(other.alias.lower() == name for other in query.find_all(exp.CTE)) > 1:
        return f"there are two CTEs {cte.alias}"
    references = [table for table in query.find_all(exp.Table) if not table.db and table.name.lower() == name]
    if len(references) != 1:
        return f"the CTE {cte.alias}, which reads its largest table, is read {len(references)} times"
    return references[0], united


def _join_objection(node: exp.Expr, clause: exp.Expr, select: exp.Select) -> str:
    """Why rows of a source decide over more than themselves in the joins of its SELECT; or nothing."""
    joins: list[exp.Join] = select.args.get("joins") or []
    own = joins.index(clause) if isinstance(clause, exp.Join) else -1
    for place, join in enumerate(joins):
        if join.kind not in _SINGLE_ROWS or join.method not in ("", "NATURAL"):
            return f"it has a {join.method or join.kind} JOIN"
        filled_up = join.side == "FULL" or (join.side == "LEFT" and place == own)
        filled_up = filled_up or (join.side == "RIGHT" and place > own)
        if filled_up and place >= own:
            return "its largest table is the side of an outer join that may be missing"
        if place == own and join.kind in ("SEMI", "ANTI"):
            return "its largest table is only looked up"
    return "" if isinstance(node, (exp.Table, exp.Subquery)) else "its largest table is read in an unknown form"


def _objections(steps: tuple[Step, ...], query: exp.Query) -> Iterator[str]:
    grouped = False
    for step in steps:
        select = step.select
        parts = [*upper_parts(select), *(part for key in ("qualify",) if (part := select.args.get(key)))]
        if any(isinstance(node, exp.Window) for part in parts for node in walk_own(part)):
            yield "it has window functions over its largest table"
        if any(select.args.get(name) for name in _UNKNOWN):
            yield "its largest table is read in a form that is not analysed"
        if select is not query and any(select.args.get(cut) for cut in _CUTS):
            yield "it has a LIMIT inside"
        distinct = select.args.get("distinct")
        if distinct is not None and distinct.args.get("on"):
            yield "it has DISTINCT ON"
        if is_grouping(select):
            if grouped:
                yield "it groups what is grouped already"
            if step.united:
                yield "it groups the rows of its largest table together with others"
            grouped = True
