"""Whether an engine takes the query of a derived table or a subquery as a CTE."""

from speql_speculator.navigating.semantic_model import SemanticModel
from speql_speculator.parsing.syntax_tree import Nested, Reference, Select, SelectItem, Source, walk


def may_be_a_cte(model: SemanticModel, node: Source | Nested) -> bool:
    """Whether a query of a statement may become a CTE of it.

    SQL Server has WITH before INSERT alone, refuses a CTE with a column that has no name or that of another, and
    renames the columns of a derived table only.
    """
    if model.dialect not in ("tsql", "fabric"):
        return True
    if model.tokens[0].upper == "INSERT":
        return False
    if isinstance(node, Source):
        return not node.column_names
    names = _names(model, node)
    return "" not in names and len(set(names)) == len(names)


def _names(model: SemanticModel, node: Nested) -> list[str]:
    """The folded names of the columns of a subquery; "" for one that has none, or is not known."""
    select = node.query.branches[0] if node.query is not None else None
    if not isinstance(select, Select) or select.items is None:
        return [""]
    return [_name(model, item) if isinstance(item, SelectItem) else "" for item in select.items.elements]


def _name(model: SemanticModel, item: SelectItem) -> str:
    if item.alias >= 0:
        return model.tokens[item.alias].name.lower()
    for node in walk(item.expression):
        if isinstance(node, Reference) and (node.parts[0], node.parts[-1] + 1) == (item.first, item.last):
            return model.tokens[node.parts[-1]].name.lower()
    return ""
