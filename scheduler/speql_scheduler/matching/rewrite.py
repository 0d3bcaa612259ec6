"""Answer a query from temp tables instead of base tables, wherever that is proved to give the same result."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from speql_scheduler.matching.canonical import digest, names_with_ctes, no_names, query_text
from speql_scheduler.matching.compensation import Match
from speql_scheduler.matching.identical import view_source
from speql_scheduler.matching.matching import Refusal, match
from speql_scheduler.matching.normal_text import Names
from speql_scheduler.matching.reusable import why_not_reusable
from speql_scheduler.matching.spjg import Block, ctes_of
from speql_scheduler.matching.units import breadcrumb
from speql_scheduler.matching.view import View
from speql_sql import Catalog
from speql_sql.copy_tree import copy_tree
from speql_sql.qualify import qualify_query

_MOST_VIEWS_PER_SELECT = 4


@dataclass(frozen=True)
class Decision:
    """Whether a view serves one SELECT of a query, and why or why not.

    ``path`` is the breadcrumb of the SELECT, ``reason`` a sentence, ``compensation`` what is done on top of the view;
    ``passed`` are the checks that a view has passed which does not serve it.
    """

    path: tuple[str, ...]
    view: str
    used: bool
    reason: str
    compensation: str = ""
    passed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rewrite:
    """A query over temp tables. ``sql`` is None if no view is used; ``temp_only`` if no base table is read."""

    sql: str | None
    uses: tuple[str, ...]
    decisions: tuple[Decision, ...]
    temp_only: bool
    tables: tuple[str, ...] = ()


NOT_REWRITTEN = Rewrite(sql=None, uses=(), decisions=(), temp_only=False)
"""Where no view was asked about."""


def rewrite(query: exp.Query, views: Sequence[View], catalog: Catalog) -> Rewrite:
    """The query over those views that serve it, with the same bag of rows, the same column names and count.

    The outermost SELECT is tried first, then what it still reads: CTEs, derived tables, subqueries and branches of
    set operations. ORDER BY and LIMIT of the query stay on top. ``query`` may be qualified or not, and is not changed.
    """
    qualified = qualify_query(query, catalog).query
    if qualified is None or (problem := why_not_reusable(qualified, catalog)):
        reason = "the query's names do not resolve" if qualified is None else f"the query is run as it is: {problem}"
        refused = tuple(Decision(("main",), view.name, False, reason) for view in views)
        return Rewrite(None, (), refused, False)
    tree = copy_tree(qualified)
    rewriter = _Rewriter(views, catalog, tree)
    rewritten = rewriter.query(tree, no_names(), {}, ("main",))
    if not rewriter.used:
        return Rewrite(None, (), tuple(rewriter.decisions), False)
    _drop_unused_ctes(rewritten)
    tables = _base_tables(rewritten, views)
    sql = rewritten.sql(dialect=catalog.dialect, identify=True, copy=False)
    return Rewrite(sql, tuple(dict.fromkeys(rewriter.used)), tuple(rewriter.decisions), not tables, tables)


@dataclass
class _Rewriter:
    views: Sequence[View]
    catalog: Catalog
    tree: exp.Query
    decisions: list[Decision] = field(default_factory=list)
    used: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._aliases = {alias.name.lower() for alias in self.tree.find_all(exp.TableAlias)}
        self._aliases |= {table.name.lower() for table in self.tree.find_all(exp.Table)}

    def query(self, node: exp.Expr, names: Names, ctes: dict[str, exp.Expr], path: tuple[str, ...]) -> exp.Query:
        """The query rewritten; the tree that it was may share parts with the new one."""
        inside = names_with_ctes(node, names)
        own_ctes = ctes_of(node, ctes)
        with_ = node.args.get("with_")
        if isinstance(node, exp.Select):
            rewritten: exp.Query = self._select(node, inside, own_ctes, path)
        elif isinstance(node, exp.SetOperation):
            rewritten = self._set_operation(node, inside, own_ctes, path)
        elif isinstance(node, exp.Subquery):
            node.set("this", self.query(node.this, inside, own_ctes, path))
            rewritten = node
        else:
            assert isinstance(node, exp.Query)
            rewritten = node
        if isinstance(with_, exp.With):
            rewritten.set("with_", with_)
            self._ctes(with_, names, inside, own_ctes, rewritten, path)
        return rewritten

    def _ctes(
        self,
        with_: exp.With,
        outer: Names,
        names: Names,
        ctes: dict[str, exp.Expr],
        body: exp.Query,
        path: tuple[str, ...],
    ) -> None:
        """Rewrite the CTEs that are still read, each seeing those before it."""
        read = _names_read(body)
        for cte in reversed(with_.expressions):
            if cte.alias.lower() in read:
                read |= {table.name.lower() for table in cte.find_all(exp.Table) if not table.db}
        for number, cte in enumerate(list(with_.expressions)):
            if cte.alias.lower() not in read or with_.recursive:
                continue
            before = [c.alias.lower() for c in with_.expressions[:number]]
            inside = outer.with_ctes({name: names.ctes[name] for name in before})
            in_sight = {name: query for name, query in ctes.items() if name in before or name in outer.ctes}
            cte.set("this", self.query(cte.this, inside, in_sight, breadcrumb(path, "cte", cte.alias)))

    def _select(self, node: exp.Select, names: Names, ctes: dict[str, exp.Expr], path: tuple[str, ...]) -> exp.Select:
        select = node
        chosen: set[str] = set()
        for _ in range(_MOST_VIEWS_PER_SELECT):
            block = Block(select, names, self.catalog, ctes)
            best: tuple[View, Match] | None = None
            for view in self.views:
                if view.name in chosen:
                    continue
                found = match(block, view, self._fresh_alias(view))
                if isinstance(found, Refusal):
                    self._refuse(path, view, found, first=not chosen)
                elif best is None or _rank(found) > _rank(best[1]):
                    if best is not None:
                        self._refuse(path, best[0], Refusal(f"{view.name} serves it with less to do"), first=True)
                    best = (view, found)
                else:
                    self._refuse(path, view, Refusal(f"{best[0].name} serves it with less to do"), first=True)
            if best is None:
                break
            view, found = best
            chosen.add(view.name)
            self.used.append(view.name)
            self.decisions.append(Decision(path, view.name, True, "every row it needs is there", found.compensation))
            self._aliases.add(found.select.args["from_"].this.alias.lower())
            select = found.select
        self._children(select, names, ctes, path)
        return select

    def _refuse(self, path: tuple[str, ...], view: View, refusal: Refusal, *, first: bool) -> None:
        if first:
            self.decisions.append(Decision(path, view.name, False, refusal.reason, passed=refusal.passed))

    def _fresh_alias(self, view: View) -> str:
        alias, number = view.name, 2
        while alias.lower() in self._aliases:
            alias, number = f"{view.name}_{number}", number + 1
        return alias

    def _children(self, node: exp.Expr, names: Names, ctes: dict[str, exp.Expr], path: tuple[str, ...]) -> None:
        """Rewrite the queries inside a SELECT: derived tables, and subqueries of its expressions."""
        tokens = {source.alias_or_name: source.alias_or_name for source in node.find_all(exp.Table, exp.Subquery)}
        inside = names.inside(tokens) if isinstance(node, exp.Select) else names
        for key, value in list(node.args.items()):
            if key == "with_":
                continue
            for child in value if isinstance(value, list) else [value]:
                if not isinstance(child, exp.Expr):
                    continue
                if isinstance(child, exp.Subquery) and isinstance(child.this, exp.Query):
                    derived = isinstance(node, (exp.From, exp.Join))
                    kind = "derived" if derived else "subquery"
                    rewritten = self.query(child.this, inside, ctes, breadcrumb(path, kind, child.alias))
                    child.set("this", rewritten)
                elif isinstance(child, exp.Query):
                    child.replace(self.query(child, inside, ctes, breadcrumb(path, "subquery", "")))
                else:
                    self._children(child, inside, ctes, path)

    def _set_operation(
        self, node: exp.SetOperation, names: Names, ctes: dict[str, exp.Expr], path: tuple[str, ...]
    ) -> exp.Query:
        whole = self._whole(node, names, path)
        if whole is not None:
            return whole
        for number, key in enumerate(("this", "expression"), start=1):
            branch = node.args[key]
            node.set(key, self.query(branch, names, ctes, breadcrumb(path, "branch", str(number))))
        return node

    def _whole(self, node: exp.SetOperation, names: Names, path: tuple[str, ...]) -> exp.Query | None:
        """The set operation read from a view that holds it, with its ORDER BY and LIMIT on top."""
        bare = node.copy()
        top = {key: bare.args.pop(key) for key in ("order", "limit", "offset") if bare.args.get(key)}
        bare.set("with_", None)
        key = digest(query_text(bare, names.standing_alone()))
        for view in self.views:
            if view.refusal or isinstance(view.query, exp.Select):
                continue
            if view.key != key:
                self.decisions.append(Decision(path, view.name, False, "the query is not the same set operation"))
                continue
            alias = self._fresh_alias(view)
            self._aliases.add(alias.lower())
            outputs = [
                exp.alias_(exp.column(exp.to_identifier(column, quoted=True), table=alias), name)
                for column, name in zip(view.columns, node.named_selects, strict=True)
            ]
            source = view_source(view, alias)
            self.used.append(view.name)
            self.decisions.append(Decision(path, view.name, True, "it is the same set operation", "the view as it is"))
            return exp.Select(expressions=outputs, from_=exp.From(this=source), **top)
        return None


def _rank(found: Match) -> tuple[int, int]:
    return found.covered, -found.steps


def _names_read(node: exp.Expr) -> set[str]:
    with_ = node.args.get("with_")
    inside = {id(table) for table in with_.find_all(exp.Table)} if isinstance(with_, exp.With) else set()
    return {table.name.lower() for table in node.find_all(exp.Table) if not table.db and id(table) not in inside}


def _drop_unused_ctes(query: exp.Query) -> None:
    for node in list(query.find_all(exp.With)):
        owner = node.parent
        if owner is None or node.recursive:
            continue
        kept: list[exp.Expr] = []
        read = _names_read(owner)
        for cte in reversed(node.expressions):
            if cte.alias.lower() in read:
                kept.insert(0, cte)
                read |= {table.name.lower() for table in cte.find_all(exp.Table) if not table.db}
        if kept:
            node.set("expressions", kept)
        else:
            owner.set("with_", None)


def _base_tables(query: exp.Query, views: Sequence[View]) -> tuple[str, ...]:
    """The base tables that a rewritten query still reads."""
    temp = {_parts(view.table) for view in views}
    ctes = {cte.alias.lower() for cte in query.find_all(exp.CTE)}
    found = []
    for table in query.find_all(exp.Table):
        name = _parts(table)
        if name not in temp and not (len(name) == 1 and name[0] in ctes):
            found.append(".".join(part.name for part in table.parts))
    return tuple(dict.fromkeys(found))


def _parts(table: exp.Table) -> tuple[str, ...]:
    return tuple(part.name.lower() for part in table.parts)
