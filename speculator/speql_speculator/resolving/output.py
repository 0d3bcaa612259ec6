"""The columns of a SELECT, as the query around it sees them."""

from speql_speculator.parsing.syntax_tree import (
    Call,
    Items,
    Node,
    Reference,
    Select,
    SelectItem,
    Star,
)
from speql_speculator.resolving.analysis import Analysis, local_nodes
from speql_speculator.resolving.conditions import family_of
from speql_speculator.resolving.grouping import is_aggregate
from speql_speculator.resolving.relations import Relation, Scope, VisibleColumn


class OutputReader:
    """Reads what a settled SELECT gives."""

    def __init__(self, analysis: Analysis) -> None:
        self.analysis = analysis

    def output(self, select: Select, scope: Scope) -> Relation:
        """The columns of a SELECT, as the query around it sees them."""
        columns: dict[str, VisibleColumn] = {}
        opaque = False
        unnamed = 0
        items = [item for item in (select.items.elements if select.items is not None else ()) if item.kept]
        if select.keyword < 0 or select.add_items == " *":
            opaque = scope.opaque
            for relation in scope.relations:
                for folded, column in relation.columns.items():
                    columns.setdefault(folded, column)
            items = []
        elif select.add_items:
            return Relation("", {}, True)
        if select.one_value or select.pivoted:
            return Relation("", {}, True)
        for item in items:
            if not isinstance(item, SelectItem):
                continue
            operand = item.expression.terms[0].operands[0]
            if isinstance(operand, Star) and len(item.expression.terms) == 1:
                only = self.analysis.name(operand.qualifier) if operand.qualifier is not None else None
                opaque = opaque or not operand.plain or scope.opaque or (only is not None and not scope.relation(only))
                for relation in scope.relations:
                    if only is None or only.lower() in relation.names:
                        for folded, column in relation.columns.items():
                            columns[folded if folded not in columns else f"{folded} {len(columns)}"] = column
                continue
            output = self._column(item)
            if output is None:
                unnamed += 1
                columns[f"\0{unnamed}"] = VisibleColumn("")
                continue
            folded = output.name.lower()
            columns[folded if folded not in columns else f"{folded} {len(columns)}"] = output
        grouped = self._group_keys(select, columns)
        single = (
            not grouped
            and select.clause("GROUP BY") is None
            and not select.add_group
            and (any(is_aggregate(item) for item in items) or self._is_one_row(select, items))
        )
        return Relation("", columns, opaque, grouped, single)

    def _is_one_row(self, select: Select, items: list[Node]) -> bool:
        """Whether a SELECT reads no table, and nothing in its list makes rows."""
        calls = (found for item in items for found in local_nodes(item) if isinstance(found, Call))
        return select.from_ is None and not select.add_from and all(call.name not in _MAKE_ROWS for call in calls)

    def _column(self, item: SelectItem) -> VisibleColumn | None:
        expression = item.expression
        operand = expression.terms[0].operands[0]
        plain = len(expression.terms) == 1 and len(expression.terms[0].operands) == 1 and not expression.terms[0].prefix
        # A sign belongs to the node of its operand: ``-x`` is no column, and is not called ``x``.
        plain = plain and not (isinstance(operand, Reference) and operand.first != operand.parts[0])
        known = self.analysis.columns.get(id(operand)) if plain else None
        if item.alias >= 0 and not item.drop_alias:
            name = self.analysis.name(item.alias)
        elif plain and isinstance(operand, Reference):
            name = known[1].name if known is not None else self.analysis.name(operand.parts[-1])
        else:
            return None
        if known is not None:
            return VisibleColumn(name, known[1].family, known[1].origin)
        family = family_of(expression, self.analysis)
        return VisibleColumn(name, "text" if family == "string" else family)

    def _group_keys(self, select: Select, columns: dict[str, VisibleColumn]) -> tuple[frozenset[str], ...]:
        group = select.clause("GROUP BY")
        if group is None or not isinstance(group.body, Items):
            return ()
        names = set()
        for element in group.body.elements:
            if not element.kept:
                continue
            references = [found for found in local_nodes(element) if isinstance(found, Reference)]
            if len(references) != 1:
                return ()
            name = self.analysis.name(references[0].parts[-1]).lower()
            if name not in columns:
                return ()
            names.add(name)
        return (frozenset(names),) if names else ()


_MAKE_ROWS = frozenset(
    ["explode", "flatten", "generate_series", "generate_subscripts", "posexplode", "range", "unnest"]
)
"""Functions that, in a SELECT list, may give any number of rows."""
