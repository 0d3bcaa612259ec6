"""The SELECTs of a query, each as a query that stands alone: the grain of materialisation."""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Literal

from sqlglot import exp

from speql_scheduler.matching.free_columns import has_free_columns
from speql_scheduler.matching.select_spans import select_spans
from speql_sql import Catalog, Span
from speql_sql.copy_tree import copy_tree

UnitKind = Literal["main", "cte", "derived", "subquery", "branch"]


@dataclass(frozen=True)
class Unit:
    """One SELECT of a query, or a whole set operation.

    ``path`` is its breadcrumb (``("main", "CTE sales", "subquery")``), ``span`` its place in the text without its
    WITH and without parentheses around it; ``node`` is its place in the tree and ``ctes`` the CTEs in its sight there.
    If it is ``correlated``, it needs columns of a SELECT around it. ``whole`` is True of the one whose query is all of
    it.
    """

    path: tuple[str, ...]
    span: Span
    node: exp.Query
    ctes: tuple[exp.CTE, ...]
    correlated: bool
    kind: UnitKind
    whole: bool = False

    @cached_property
    def query(self) -> exp.Query:
        """What can be run as it is, with the CTEs that it needs, unless it is correlated.

        Made when it is asked for: of most units nobody asks, and a copy costs more than all else that is found of it.
        """
        return self.node if self.whole else _standing_alone(self.node, self.ctes)

    @property
    def ctes_read(self) -> set[str]:
        """The names in lower case of the CTEs that it reads, directly or through another, and of its own."""
        names = {cte.alias.lower() for cte in _own_ctes(self.node)}
        return names if self.whole else names | {cte.alias.lower() for cte in _needed_ctes(self.node, self.ctes)}


class KnownUnits:
    """Which units of the texts before were correlated: most SELECTs are the same from one keystroke to the next.

    The key is all that decides on it: its text and those of the CTEs in its sight, wherever they stand.
    """

    def __init__(self, most: int = 64) -> None:
        self._most = most
        self._found: OrderedDict[tuple[object, ...], bool] = OrderedDict()

    def get(self, key: tuple[object, ...], make: Callable[[], bool]) -> bool:
        """Whether the unit of that key is correlated; ``make`` finds out."""
        if key not in self._found:
            self._found[key] = make()
            if len(self._found) > self._most:
                self._found.popitem(last=False)
        self._found.move_to_end(key)
        return self._found[key]


def units_of(
    sql: str,
    query: exp.Query,
    catalog: Catalog | None = None,
    dialect: str | None = None,
    known: KnownUnits | None = None,
) -> tuple[Unit, ...]:
    """The units of the query that ``sql`` parses to, in the order of the text.

    ``query`` is the tree as sqlglot's parser made it; it is not changed, and is the main unit's query. ``known`` are
    those of the texts before, over the same catalog. With a catalog, columns without a table
    name that only an outer SELECT has are found to be correlations too. A recursive CTE is no unit, nor is what is in
    it. Where the spans cannot be found for certain, the main query alone is returned, over the whole text.

    >>> import sqlglot
    >>> text = "WITH x AS (SELECT 1 AS a) SELECT a FROM x"
    >>> [(unit.path, unit.span.of(text)) for unit in units_of(text, sqlglot.parse_one(text))]
    [(('main', 'CTE x'), 'SELECT 1 AS a'), (('main',), 'SELECT a FROM x')]
    """
    spans = select_spans(sql, query, dialect or (catalog.dialect if catalog else "duckdb"))
    units: list[Unit] = []
    whole = Span(len(sql) - len(sql.lstrip()), max(len(sql.rstrip().rstrip(";").rstrip()), 0))
    known = known or KnownUnits()
    for node, path, kind, ctes in _queries(query, ("main",), "main", ()):
        span = _span(node, spans)
        if span is None:
            continue
        if node is query:
            units.append(Unit(path, span, query, (), False, kind, True))
            continue
        make = partial(_is_correlated, node, kind, ctes, catalog)
        key = _key(node, kind, span, ctes, spans, sql)
        correlated = known.get((catalog.version if catalog else "", *key), make) if key else make()
        units.append(Unit(path, span, node, ctes, correlated, kind))
    if not any(unit.kind == "main" for unit in units):
        return (Unit(("main",), whole, query, (), False, "main", True),)
    return tuple(sorted(units, key=lambda unit: (unit.span.start, -unit.span.end)))


def _key(
    node: exp.Query,
    kind: UnitKind,
    span: Span,
    ctes: tuple[exp.CTE, ...],
    spans: dict[int, Span],
    sql: str,
) -> tuple[object, ...]:
    """All that decides on what stands alone; empty where some of it is not in the spans, as a WITH of its own."""
    parts: list[object] = [kind, span.of(sql)]
    if isinstance(node.args.get("with_"), exp.With):
        return ()
    for cte in ctes:
        found = _span(cte.this, spans)
        if found is None or isinstance(cte.this.args.get("with_"), exp.With):
            return ()
        around = [str(value) for key, value in cte.args.items() if key != "this"]
        recursive = isinstance(cte.parent, exp.With) and bool(cte.parent.recursive)
        parts += (found.of(sql), *around, recursive)
    return tuple(parts)


def _is_correlated(node: exp.Query, kind: UnitKind, ctes: tuple[exp.CTE, ...], catalog: Catalog | None) -> bool:
    return kind in ("subquery", "derived", "branch") and has_free_columns(node, ctes, catalog)


def unit_at(units: Sequence[Unit], offset: int) -> Unit | None:
    """The innermost unit at the cursor that can be run: climbs out of correlated ones. Outside all, the main one."""
    touching = [unit for unit in units if unit.span.touches(offset) and not unit.correlated]
    if touching:
        return min(touching, key=lambda unit: (unit.span.end - unit.span.start, -len(unit.path)))
    return next((unit for unit in units if unit.kind == "main"), None)


def breadcrumb(path: tuple[str, ...], kind: str, name: str) -> tuple[str, ...]:
    """The path one step down."""
    words = {"cte": f"CTE {name}", "derived": f"derived table {name}", "branch": f"branch {name}"}
    return (*path, words.get(kind, kind).rstrip())


Found = tuple[exp.Query, tuple[str, ...], UnitKind, tuple[exp.CTE, ...]]


def _queries(node: exp.Expr, path: tuple[str, ...], kind: UnitKind, ctes: tuple[exp.CTE, ...]) -> Iterator[Found]:
    """A query and those inside it, each with its path, its kind and the CTEs in sight."""
    with_ = node.args.get("with_")
    if isinstance(with_, exp.With):
        for cte in with_.expressions:
            if not _is_recursive(cte, with_):
                yield from _queries(cte.this, breadcrumb(path, "cte", cte.alias), "cte", ctes)
            ctes = (*ctes, cte)
    if isinstance(node, exp.Subquery):
        yield from _queries(node.this, path, kind, ctes)
        return
    if isinstance(node, exp.SetOperation):
        yield node, path, kind, ctes
        for number, branch in enumerate((node.this, node.expression), start=1):
            yield from _queries(branch, breadcrumb(path, "branch", str(number)), "branch", ctes)
        return
    if isinstance(node, exp.Select):
        yield node, path, kind, ctes
        yield from _inside(node, path, ctes)


def _inside(node: exp.Expr, path: tuple[str, ...], ctes: tuple[exp.CTE, ...]) -> Iterator[Found]:
    for child in node.iter_expressions():
        if child.arg_key == "with_":
            continue
        if isinstance(child, exp.Subquery) and isinstance(child.this, exp.Query):
            kind: UnitKind = "derived" if isinstance(node, (exp.From, exp.Join, exp.Lateral)) else "subquery"
            yield from _queries(child.this, breadcrumb(path, kind, child.alias), kind, ctes)
            yield from (found for part in child.args.get("joins") or [] for found in _inside(part, path, ctes))
        elif isinstance(child, exp.Query) and not isinstance(child, exp.Table):
            yield from _queries(child, breadcrumb(path, "subquery", ""), "subquery", ctes)
        else:
            yield from _inside(child, path, ctes)


def _is_recursive(cte: exp.CTE, with_: exp.With) -> bool:
    name = cte.alias.lower()
    return bool(with_.recursive) and any(t.name.lower() == name and not t.db for t in cte.find_all(exp.Table))


def _span(node: exp.Expr, spans: dict[int, Span]) -> Span | None:
    """The span of a SELECT; that of a set operation goes from its first branch to the end of its ORDER BY."""
    if isinstance(node, exp.Select):
        return spans.get(id(node))
    parts = [span for select in node.find_all(exp.Select) if (span := spans.get(id(select))) is not None]
    with_ = node.args.get("with_")
    if isinstance(with_, exp.With):
        inside = {id(select) for select in with_.find_all(exp.Select)}
        parts = [spans[id(s)] for s in node.find_all(exp.Select) if id(s) in spans and id(s) not in inside]
    if not parts:
        return None
    start, end = min(part.start for part in parts), max(part.end for part in parts)
    for key in ("order", "limit", "offset", "fetch"):
        for tail in node.args[key].walk() if isinstance(node.args.get(key), exp.Expr) else ():
            if isinstance(last := tail.meta.get("end"), int):
                end = max(end, last + 1)
    return Span(start, end)


def _standing_alone(node: exp.Query, ctes: tuple[exp.CTE, ...]) -> exp.Query:
    """A copy of the query with those CTEs in its WITH that it reads, directly or through another."""
    alone = copy_tree(node)
    needed = _needed_ctes(node, ctes)
    if not needed:
        return alone
    own = alone.args.get("with_")
    recursive = any(isinstance(cte.parent, exp.With) and cte.parent.recursive for cte in needed)
    recursive = recursive or (isinstance(own, exp.With) and bool(own.recursive))
    expressions = [copy_tree(cte) for cte in needed] + (list(own.expressions) if isinstance(own, exp.With) else [])
    alone.set("with_", exp.With(expressions=expressions, recursive=recursive or None))
    return alone


def _own_ctes(node: exp.Query) -> list[exp.CTE]:
    own = node.args.get("with_")
    return list(own.expressions) if isinstance(own, exp.With) else []


def _needed_ctes(node: exp.Query, ctes: tuple[exp.CTE, ...]) -> list[exp.CTE]:
    """Those of the CTEs in sight that the query reads, directly or through another, in their order."""
    names = {cte.alias.lower() for cte in _own_ctes(node)}
    read = _tables_read(node) if ctes else set()
    needed: list[exp.CTE] = []
    for cte in reversed(ctes):
        if cte.alias.lower() in read and cte.alias.lower() not in names:
            needed.insert(0, cte)
            names.add(cte.alias.lower())
            read |= _tables_read(cte)
    return needed


def _tables_read(tree: exp.Expr) -> set[str]:
    return {table.name.lower() for table in tree.find_all(exp.Table) if not table.db}
