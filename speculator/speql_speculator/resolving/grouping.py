"""GROUP BY: what a SELECT with aggregates needs in it."""

from collections.abc import Iterator, Sequence

from speql_speculator.parsing.keywords import AGGREGATES
from speql_speculator.parsing.syntax_tree import (
    Call,
    Clause,
    Expression,
    Fault,
    Group,
    Items,
    Literal,
    Nested,
    Node,
    Query,
    Reference,
    Select,
    SelectItem,
    Star,
    Term,
)
from speql_speculator.resolving.analysis import Analysis, local_nodes
from speql_speculator.resolving.position import position
from speql_speculator.resolving.pruning import settle


def complete_grouping(select: Select, order: Sequence[Clause], analysis: Analysis) -> None:
    """Add to GROUP BY what is selected beside aggregates and not in it; leave out what can only be used ungrouped.

    ``select`` is settled. HAVING, QUALIFY and ORDER BY cannot add to GROUP BY: that would change the rows.
    """
    if select.pivoted:
        return
    group = next((clause for clause in select.clauses if clause.name == "GROUP BY"), None)
    items = [item for item in (select.items.elements if select.items else ()) if item.kept]
    having = select.clause("HAVING")
    aggregated = any(is_aggregate(part) for part in (*items, *order) if part.kept) or (
        having is not None and is_aggregate(having)
    )
    asks_group = group is not None and (group.fault is None or group.fault.fragment)
    if not (aggregated or (group is not None and group.kept) or asks_group):
        return
    if group is not None and group.fault is None and isinstance(group.body, Literal):
        return
    if group is not None and isinstance(group.body, Items):
        _leave_out_aggregates(group, items, analysis)
    grouped = _Grouped(group if group is not None and group.kept else None, items, analysis)
    grouped.told = _asked_by_name([*items, *(clause for clause in (having, *order) if clause is not None)], analysis)
    missing: list[str] = []
    for item in items:
        if isinstance(item, SelectItem):
            if _plain_star(item):
                _star_beside_group(item, group, missing, analysis)
            else:
                missing += [text for text in grouped.missing(item) if text not in missing]
    if missing and (aggregated or (group is not None and group.kept)):
        text = ", ".join(dict.fromkeys(missing))
        sets = _open_sets(group)
        if sets is not None:
            sets.add = f", {text}"
        elif group is not None and group.fault is None:
            group.add = f", {text}" if group.kept else f" {text}"
        else:
            select.add_group = f" GROUP BY {text}"
        settle(select)
    elif missing and group is not None and group.fault is None and not group.kept:
        group.add = f" {', '.join(dict.fromkeys(missing))}"
        settle(select)
    grouped.texts.update(_normal(text) for text in missing)
    for item in items:
        if isinstance(item, SelectItem) and item.kept and (call := grouped.wrong_grouping(item)) is not None:
            item.fault = grouped.not_grouped(call)
    settle(select)
    if any(isinstance(item, SelectItem) and _plain_star(item) for item in items):
        return
    for clause in (having, select.clause("QUALIFY"), *order):
        if clause is not None and clause.kept and clause.body is not None:
            grouped.leave_out_of(clause)


_GROUPING = ("grouping", "grouping_id")


def _asked_by_name(nodes: Sequence[Node], analysis: Analysis) -> set[str]:
    """The output columns that GROUPING asks of by their names: they have to be grouped by these."""
    found: set[str] = set()
    for node in nodes:
        for call in local_nodes(node):
            if isinstance(call, Call) and call.name in _GROUPING:
                names = (each for each in local_nodes(call) if isinstance(each, Reference))
                found |= {analysis.name(each.parts[0]).lower() for each in names if id(each) in analysis.aliased}
    return found


def _open_sets(group: Clause | None) -> Call | Group | None:
    """The ROLLUP, CUBE or GROUPING SETS that the user is still writing the columns of, at the end of a GROUP BY."""
    if group is None or group.fault is not None or not group.kept or not isinstance(group.body, Items):
        return None
    last = _single(group.body.elements[-1]) if group.body.elements else None
    if isinstance(last, Group) and last.sets:
        return last if last.kept and last.closer and last.inner else None
    if not isinstance(last, Call) or last.name not in ("rollup", "cube") or not last.closer or last.empty:
        return None
    return last if last.kept and last.arguments is not None and last.arguments.kept else None


def is_aggregate(node: Node) -> bool:
    """Whether ``node``'s own level has an aggregate call that is not a window function."""
    return any(
        isinstance(found, Call) and found.name in AGGREGATES and found.window is None for found in local_nodes(node)
    )


def _leave_out_aggregates(group: Clause, items: Sequence[Node], analysis: Analysis) -> None:
    """Elements of GROUP BY that are aggregates, or the number of one or of no column."""
    assert isinstance(group.body, Items)
    for element in group.body.elements:
        text = analysis.text(element)
        place = position(text)
        wrong = place is not None and (not 0 < place <= len(items) or is_aggregate(items[place - 1]))
        windows = any(isinstance(found, Call) and found.window is not None for found in local_nodes(element)) or any(
            isinstance(found, Reference) and analysis.names_an_aggregate(found) for found in local_nodes(element)
        )
        if element.kept and (wrong or windows or is_aggregate(element)):
            element.fault = analysis.report(element, "aggregate-grouped", f"`{text}` cannot be grouped by")
    settle(group)


def _plain_star(item: SelectItem) -> bool:
    terms = item.expression.terms
    return len(terms) == 1 and isinstance(terms[0].operands[0], Star)


def _star_beside_group(item: SelectItem, group: Clause | None, missing: list[str], analysis: Analysis) -> None:
    if group is not None and group.kept:
        group.fault = Fault("star-grouped", "`*` selects all columns, so that nothing can be grouped: left out")
        group.kept = False
    elif group is None:
        missing.append("ALL")
    del item, analysis


class _Grouped:
    """What a GROUP BY covers: texts of expressions, and columns."""

    def __init__(self, group: Clause | None, items: Sequence[Node], analysis: Analysis) -> None:
        self.analysis = analysis
        self.texts: set[str] = set()
        self.columns: set[tuple[int, str]] = set()
        self.aliases: set[str] = set()
        self.told: set[str] = set()
        elements = group.body.elements if group is not None and isinstance(group.body, Items) else []
        for element in elements:
            if not element.kept:
                continue
            text = analysis.text(element)
            self.texts.add(_normal(text))
            place = position(text)
            if place is not None and 0 < place <= len(items):
                item = items[place - 1]
                if isinstance(item, SelectItem):
                    self.texts.add(_normal(analysis.text(item.expression)))
                    self._cover(item.expression)
            self._cover(element)

    def _cover(self, element: Node) -> None:
        """The columns of a plain reference, or of all that is inside ROLLUP, CUBE and GROUPING SETS."""
        inner = _single(element)
        if isinstance(inner, Reference):
            self._add(inner)
        elif isinstance(inner, Group) or (isinstance(inner, Call) and inner.name in ("rollup", "cube")):
            for found in local_nodes(inner):
                if isinstance(found, Reference):
                    self._add(found)
                elif isinstance(found, Expression):
                    self.texts.add(_normal(self.analysis.text(found)))

    def _add(self, reference: Reference) -> None:
        if id(reference) in self.analysis.aliased:
            self.aliases.add(self.analysis.name(reference.parts[0]).lower())
        found = self.analysis.columns.get(id(reference))
        if found is not None:
            self.columns.add((id(found[0]), found[1].name.lower()))

    def missing(self, item: SelectItem) -> list[str]:
        """What of an item has to be grouped by, as SQL."""
        alias = self.analysis.name(item.alias).lower() if item.alias >= 0 else ""
        if alias and alias in self.aliases:
            return []
        ungrouped = list(self.ungrouped(item.expression))
        if not ungrouped:
            return []
        if alias in self.told:
            self.aliases.add(alias)
            return [self.analysis.text_of(item.alias)]
        plain = not any(
            isinstance(found, Nested)
            or (isinstance(found, Call) and (found.name in AGGREGATES or found.window is not None))
            for found in local_nodes(item.expression)
        )
        closed = all(self.analysis.parser.tokens[index].closer == "" for index in range(item.first, item.last))
        whole = [term for term in item.expression.terms if not _all_kept(term)]
        if plain and not whole and closed and not any(_open(found) for found in local_nodes(item.expression)):
            return [self.text(item.expression)]
        return [self.text(reference) for reference in ungrouped]

    def text(self, node: Node) -> str:
        """The text of a node, with the names corrected and qualified as they will be."""
        tokens = self.analysis.parser.tokens
        changes = {token: name for token, name, _, _ in self.analysis.replaced}
        prefixes = dict(self.analysis.qualified)
        parts: list[str] = []
        end = tokens[node.first].start
        for index in range(node.first, node.last):
            token = tokens[index]
            parts.append(" " if token.start > end else "")
            parts.append(f"{prefixes[index]}." if index in prefixes else "")
            parts.append(changes.get(index, token.text))
            end = token.end
        return "".join(parts)

    def ungrouped(self, node: Node) -> Iterator[Reference]:
        """References outside aggregates that GROUP BY does not cover."""
        stack: list[Node] = [node]
        while stack:
            current = stack.pop()
            if not current.kept or isinstance(current, Query):
                continue
            if isinstance(current, Reference):
                if not self.covers(current):
                    yield current
                continue
            if isinstance(current, Call) and current.name in AGGREGATES and current.window is None:
                continue
            if not isinstance(current, (Items, Literal)) and _normal(self.analysis.text(current)) in self.texts:
                continue
            stack.extend(reversed(list(current.children())))

    def covers(self, reference: Reference) -> bool:
        """Whether a reference may be used in a grouped SELECT."""
        key = id(reference)
        if reference.first in self.analysis.parser.unit_words and key not in self.analysis.columns:
            return True
        if key in self.analysis.aliased or key in self.analysis.outer:
            return True
        found = self.analysis.columns.get(key)
        if found is None:
            return _normal(self.analysis.text(reference)) in self.texts or (found is None and not self.columns)
        return (id(found[0]), found[1].name.lower()) in self.columns or _normal(
            self.analysis.text(reference)
        ) in self.texts

    def wrong_grouping(self, node: Node) -> Call | None:
        """A call of GROUPING in ``node``'s own level with an argument that is no grouping key."""
        for call in local_nodes(node):
            if isinstance(call, Call) and call.name in _GROUPING and call.arguments is not None:
                for argument in call.arguments.elements:
                    inner = _single(argument)
                    alias = isinstance(inner, Reference) and id(inner) in self.analysis.aliased
                    if alias and isinstance(inner, Reference):
                        known = self.analysis.name(inner.parts[0]).lower() in self.aliases
                    else:
                        known = isinstance(inner, Reference) and self.covers(inner)
                    if not known and _normal(self.analysis.text(argument)) not in self.texts:
                        return call
        return None

    def not_grouped(self, call: Call) -> Fault:
        """Why such a call cannot stay, as the user is told it."""
        text = self.analysis.text(call)
        return self.analysis.report(call, "not-grouped", f"`{text}` is of something that is not grouped by")

    def leave_out_of(self, clause: Clause) -> None:
        """Mark elements of a clause that use columns that are not grouped."""
        body = clause.body
        parts: Sequence[Node] = ()
        if isinstance(body, Expression):
            parts = body.terms
        elif isinstance(body, Items):
            parts = body.elements
        changed = False
        for part in parts:
            if not part.kept:
                continue
            if (call := self.wrong_grouping(part)) is not None:
                part.fault = self.not_grouped(call)
                changed = True
                continue
            for reference in self.ungrouped(part):
                name = self.analysis.text(reference)
                part.fault = self.analysis.report(
                    reference, "not-grouped", f"`{name}` is neither grouped nor aggregated"
                )
                if self.analysis.parser.at_cursor(part.last):
                    part.fault = Fault("unfinished", f"`{name}` is not grouped: left out", True)
                    self.analysis.problems.pop()
                changed = True
                break
        if changed:
            settle(clause)


def _single(node: Node) -> Node:
    """The operand that an element consists of, if it is a single one."""
    while isinstance(node, (Expression, Term)):
        children = list(node.children())
        if len(children) != 1 or (isinstance(node, Term) and node.prefix):
            return node
        node = children[0]
    return node


def _all_kept(node: Node) -> bool:
    return all(found.kept for found in local_nodes(node))


def _open(node: Node) -> bool:
    """Whether something has to be inserted into a node, so that its text cannot be copied."""
    return bool(getattr(node, "closer", "")) or bool(getattr(node, "add", "")) or getattr(node, "ended", True) is False


def _normal(text: str) -> str:
    return " ".join(text.lower().split())
