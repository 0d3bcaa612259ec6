"""Writes the edits of a settled tree."""

from collections.abc import Callable, Sequence
from typing import Any

from speql_speculator.edits import EditBuilder
from speql_speculator.parsing.syntax_tree import (
    Branch,
    Call,
    Case,
    Clause,
    Cte,
    Expression,
    Fault,
    From,
    Group,
    Items,
    Nested,
    Node,
    Query,
    Select,
    SelectItem,
    Source,
    Term,
    Window,
    With,
)
from speql_speculator.resolving.pruning import cause


def emit(node: Node, builder: EditBuilder) -> None:
    """Write the edits of a settled tree into ``builder``."""
    _Emitter(builder).emit(node)


class _Emitter:
    def __init__(self, builder: EditBuilder) -> None:
        self.builder = builder

    def emit(self, node: Node) -> None:
        method: Callable[[_Emitter, Any], None] | None = _METHODS.get(type(node))
        if not node.kept:
            if isinstance(node, Clause) and isinstance(node.body, Expression) and len(node.body.terms) > 1:
                # Each condition is left out for its own reason.
                self.builder.remove(node.first, node.body_first, cause(node.body.terms[0]))
                self.listed(node.body.terms, node.body.connectors, " AND")
            self.builder.remove(node.first, node.last, cause(node))
        elif method is not None:
            method(self, node)
        else:
            for child in node.children():
                self.emit(child)

    def close(self, node: Node, closer: str) -> None:
        if closer:
            self.builder.insert(node.last - 1, closer, "closed", "What is open is closed")

    def listed(self, elements: Sequence[Node], separators: Sequence[int], between: str, last: int = -1) -> None:
        """Elements that stay, with one separator between two of them; ``last`` stays behind the last one."""
        builder = self.builder
        previous = -1
        for index, element in enumerate(elements):
            if element.kept:
                if previous >= 0:
                    usable = [place for place in separators[previous:index] if place >= 0]
                    # The separator before what stays is the one that says how it is connected.
                    keep = usable[-1] if usable and index - previous > 1 else (usable[0] if usable else -1)
                    for place in usable:
                        if place != keep:
                            builder.remove(place, place + 1, cause(elements[previous + 1]))
                    if keep < 0:
                        builder.insert(
                            elements[previous].last - 1, between, "separated", f"`{between.strip()}` was missing here"
                        )
                else:
                    self.drop_separators(separators[:index], elements[0])
                self.emit(element)
                previous = index
            else:
                builder.remove(element.first, element.last, cause(element))
        stays = last >= 0 and previous == len(elements) - 2
        for index in range(max(previous, 0), len(separators) - stays):
            self.drop_separators(separators[index : index + 1], elements[min(index + 1, len(elements) - 1)])

    def drop_separators(self, separators: Sequence[int], dead: Node) -> None:
        for place in separators:
            if place >= 0:
                self.builder.remove(place, place + 1, cause(dead))

    def items(self, node: Items) -> None:
        for index, count in node.pads.items():
            if index >= 0:
                self.builder.insert_before(node.elements[index].first, "NULL, " * count, "padded", node.pad_reason)
        self.listed(node.elements, node.separators, ",", node.last_comma)
        if node.pads.get(-1):
            self.builder.insert(node.last - 1, ", NULL" * node.pads[-1], "padded", node.pad_reason)

    def expression(self, node: Expression) -> None:
        self.listed(node.terms, node.connectors, " AND")

    def term(self, node: Term) -> None:
        for index, operand in enumerate(node.operands):
            if operand.kept:
                self.emit(operand)
            else:
                start = node.operators[index - 1][0] if index and not node.complete_with else operand.first
                self.builder.remove(start, operand.last, cause(operand))
        if node.complete_with:
            self.builder.insert(node.last - 1, node.complete_with, "join-condition", "The other side of the join")

    def group(self, node: Group) -> None:
        for child in node.inner:
            self.emit(child)
        if node.add:
            self.builder.insert(node.last - 1, node.add, *_REASONS["GROUP BY"])
        self.close(node, node.closer)

    def call(self, node: Call) -> None:
        parts: list[Node] = [part for part in (node.arguments, node.order) if part is not None]
        inside = node.first
        for part in parts:
            if part is node.arguments and not part.kept and node.add == "*":
                self.builder.remove(part.first, part.last, cause(part))
            elif part is node.arguments and node.empty:
                pass
            else:
                self.emit(part)
            inside = max(inside, part.last)
        tail_first = min([part.first for part in (*node.tails, node.window) if part is not None], default=node.last)
        end = max(tail_first - 1, inside - 1)
        if node.add == "*":
            self.builder.insert(
                end if node.closer else end - 1, "*", "completed", "`count` counts rows until it is told what"
            )
        if node.add.startswith(","):
            self.builder.insert(end, node.add, *_REASONS["GROUP BY"])
        if node.closer:
            self.builder.insert(end, node.closer, "closed", "What is open is closed")
        for tail in node.tails:
            self.emit(tail)
        if node.window is not None:
            self.emit(node.window)
        if node.add.startswith(" "):
            self.builder.insert(node.last - 1, node.add, "completed", f"`{node.name}` needs a window")

    def window(self, node: Window) -> None:
        for clause in node.clauses:
            self.emit(clause)
        if node.add:
            self.builder.insert(node.last - 1, node.add, "completed", "`OVER` needs a window: all rows, for now")
        self.close(node, node.closer)

    def case(self, node: Case) -> None:
        if node.subject is not None:
            self.emit(node.subject)
        for branch in node.branches:
            self.emit(branch)
        if node.otherwise is not None:
            self.emit(node.otherwise)
        if not node.ended:
            self.builder.insert(node.last - 1, " END", "completed", "`CASE` needs its `END`")

    def branch(self, node: Branch) -> None:
        self.emit(node.condition)
        if node.then < 0:
            self.builder.insert(node.last - 1, " THEN NULL", "completed", "`WHEN` needs its `THEN`")
        elif node.value is not None:
            if not node.value.kept:
                self.builder.remove(node.value.first, node.value.last, cause(node.value))
                self.builder.insert(node.last - 1, " NULL", "completed", "`THEN` needs a value")
            else:
                self.emit(node.value)

    def clause(self, node: Clause) -> None:
        if node.words_missing:
            self.builder.insert(node.first, node.words_missing, "completed", f"`{node.name}` is two words")
        if node.opener and node.body is not None:
            joins = ("join-condition", "OR stays together")
            words = ("completed", f"`{node.name}` needs this") if node.name == "FILTER" else joins
            self.builder.insert_before(node.body.first, node.opener, *words)
        if node.body is not None:
            self.emit(node.body)
        if node.add:
            code, reason = _REASONS.get(node.name, ("completed", f"`{node.name}` needs this"))
            self.builder.insert(node.last - 1, node.add, code, reason)
        self.close(node, node.closer)

    def select_item(self, node: SelectItem) -> None:
        self.emit(node.expression)
        if node.marker >= 0 and node.alias < 0:
            self.builder.remove(node.marker, node.last, Fault("unfinished", "`AS` has no name yet: left out", True))
        elif node.drop_alias:
            first = node.marker if node.marker >= 0 else node.alias
            self.builder.remove(first, node.alias + 1, Fault("unfinished", "A word half typed: left out", True))
        elif node.marker_missing:
            self.builder.insert_before(node.alias, "AS ", "completed", "A unit of time is a name only behind `AS`")

    def source(self, node: Source) -> None:
        builder = self.builder
        if node.query is not None:
            self.emit(node.query)
        for inner in node.inner or ():
            self.emit(inner)
        if node.call is not None:
            self.emit(node.call)
        end = node.alias if node.alias >= 0 and node.alias > node.marker else node.last - 1
        conditions = [clause.first for clause in (node.condition, node.using) if clause is not None]
        if conditions:
            end = min(conditions) - 1
        if node.closer:
            # Right behind what is inside: where that ends of itself, its name may follow.
            inside = node.query or (node.inner[-1] if node.inner else None)
            place = inside.last - 1 if inside is not None else end
            builder.insert(place, node.closer, "closed", "What is open is closed")
        if node.names_closer:
            builder.insert(node.column_names[-1], node.names_closer, "closed", "What is open is closed")
        if node.marker >= 0 and node.alias < 0:
            builder.remove(node.marker, node.marker + 1, Fault("unfinished", "`AS` has no name yet: left out", True))
        elif node.drop_alias:
            first = node.marker if node.marker >= 0 else node.alias
            builder.remove(first, node.alias + 1, Fault("unfinished", "A word half typed: left out", True))
        if node.add_alias:
            place = node.parts[-1] if node.parts else end
            builder.insert(place, f" {node.add_alias}", "alias-added", f"`{node.add_alias}` is used for this table")
        for clause in (node.condition, node.using):
            if clause is not None:
                self.emit(clause)
        if node.add_condition:
            builder.insert(node.last - 1, node.add_condition, "join-condition", "The join had no condition yet")

    def from_(self, node: From) -> None:
        builder = self.builder
        first_kept = next((source for source in node.sources if source.kept), None)
        for source in node.sources:
            if not source.kept:
                builder.remove(source.first, source.last, cause(source))
                continue
            if source is first_kept and source is not node.sources[0]:
                builder.remove(source.join[0], source.join[1], cause(node.sources[0]))
                for clause in (source.condition, source.using):
                    if clause is not None:
                        clause.kept = False
                        clause.fault = clause.fault or cause(node.sources[0])
                source.add_condition = ""
            self.emit(source)
        if node.add:
            builder.insert(node.last - 1, node.add, "table-inferred", "The tables that have these columns")

    def select(self, node: Select) -> None:
        builder = self.builder
        parts = list(node.children())
        if node.add_head:
            builder.insert_before(node.first, node.add_head, "columns-added", "No column yet: what is grouped by")
        done_from = done_where = done_group = done_window = False

        def after(part_end: int, *, stage: int) -> None:
            nonlocal done_from, done_where, done_group, done_window
            if stage >= 1 and not done_from:
                done_from = True
                if node.add_from:
                    builder.insert(part_end, node.add_from, "table-inferred", "The tables that have these columns")
            if stage >= 2 and not done_where:
                done_where = True
                if node.add_where:
                    builder.insert(part_end, node.add_where, "join-condition", "A table that is listed must be joined")
            if stage >= 3 and not done_group:
                done_group = True
                if node.add_group:
                    builder.insert(
                        part_end, node.add_group, "group-by-added", "Columns beside an aggregate are grouped by"
                    )
            if stage >= 4 and not done_window:
                done_window = True
                if node.add_window:
                    builder.insert(part_end, node.add_window, "completed", "A window is used that is not defined yet")

        end = max(node.head_last - 1, node.first)
        for part in parts:
            stage = _STAGE.get(part.name, 3) if isinstance(part, Clause) else 0
            after(end, stage=stage)
            if part is node.distinct_on and not part.kept:
                builder.remove(*node.distinct_range, cause(part))
                end = max(end, part.last - 1)
                continue
            if part is node.items:
                if part.kept:
                    self.emit(part)
                else:
                    builder.remove(part.first, part.last, cause(part))
                if node.add_items:
                    builder.insert(
                        max(part.last - 1, end), node.add_items, "columns-added", "No column yet: what there is"
                    )
                end = max(end, part.last - 1)
                continue
            if part is node.from_:
                done_from = True
                if not part.kept:
                    builder.remove(part.first, part.last, cause(part))
                else:
                    self.emit(part)
            else:
                self.emit(part)
            end = max(end, part.last - 1)
        after(max(end, node.first), stage=4)

    def cte(self, node: Cte) -> None:
        if node.marker_missing:
            self.builder.insert(node.name, " AS", "completed", "`AS` was missing here")
        if node.query is not None:
            self.emit(node.query)
        self.close(node, node.closer)

    def with_(self, node: With) -> None:
        self.emit(node.ctes)

    def query(self, node: Query) -> None:
        builder = self.builder
        if node.with_ is not None:
            self.emit(node.with_)
        seen = False
        for index, branch in enumerate(node.branches):
            operator = node.operators[index - 1] if index else None
            if branch.kept:
                if operator is not None and not seen:
                    builder.remove(*operator, cause(node.branches[0]))
                seen = True
                self.emit(branch)
            else:
                if operator is not None:
                    builder.remove(*operator, cause(branch))
                builder.remove(branch.first, branch.last, cause(branch))
        if node.add:
            builder.insert(
                node.last - 1, node.add, "main-query-added", "No query after the `WITH` list yet: its last table"
            )
        for clause in node.clauses:
            self.emit(clause)

    def nested(self, node: Nested) -> None:
        self.emit(node.query)
        self.close(node, node.closer)


_STAGE = {"WHERE": 1, "GROUP BY": 2, "HAVING": 3, "WINDOW": 4, "QUALIFY": 4}
_REASONS = {
    "PIVOT": ("completed", "`PIVOT` counts rows until it is told what"),
    "GROUP BY": ("group-by-added", "Columns beside an aggregate are grouped by"),
    "WHERE": ("join-condition", "A table that is listed must be joined"),
    "ON": ("join-condition", "The join had no condition yet"),
    "USING": ("join-condition", "The join had no condition yet"),
}
_METHODS: dict[type[Node], Callable[[_Emitter, Any], None]] = {
    Items: _Emitter.items,
    Expression: _Emitter.expression,
    Term: _Emitter.term,
    Group: _Emitter.group,
    Call: _Emitter.call,
    Window: _Emitter.window,
    Case: _Emitter.case,
    Branch: _Emitter.branch,
    Clause: _Emitter.clause,
    SelectItem: _Emitter.select_item,
    Source: _Emitter.source,
    From: _Emitter.from_,
    Select: _Emitter.select,
    Cte: _Emitter.cte,
    With: _Emitter.with_,
    Query: _Emitter.query,
    Nested: _Emitter.nested,
}
