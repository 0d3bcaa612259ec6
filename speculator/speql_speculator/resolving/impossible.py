"""Leaves out what the catalog's types prove to be no query: a mean of names, a number compared with a name."""

from speql_speculator.parsing.grammar import fragment
from speql_speculator.parsing.keywords import AGGREGATES
from speql_speculator.parsing.syntax_tree import Call, Fault, Node, Reference, Term
from speql_speculator.resolving.analysis import Analysis, local_nodes
from speql_speculator.resolving.conditions import family_of


def check_types(node: Node, analysis: Analysis) -> None:
    """Mark calls and comparisons of ``node``'s own level that cannot bind, whatever the rows are.

    Only for engines that do not turn text into numbers by themselves, and only where both types are known.
    """
    for found in local_nodes(node):
        if found.fault is not None or not found.kept:
            continue
        if isinstance(found, Call) and _holds_an_aggregate(found, analysis):
            found.fault = _fault(found, analysis, "nested-aggregate", "An aggregate cannot be inside of another one")
        elif analysis.catalog.dialect in _STRICT:
            _check_strictly(found, analysis)


def _check_strictly(node: Node, analysis: Analysis) -> None:
    if isinstance(node, Call) and node.name in _OF_NUMBERS and node.arguments is not None and node.arguments.elements:
        family = family_of(node.arguments.elements[0], analysis)
        if family in ("text", "row"):
            what = "text" if family == "text" else "whole rows"
            node.fault = _fault(node, analysis, "wrong-type", f"`{node.name}` is of numbers, not of {what}")
    elif isinstance(node, Term) and len(node.operands) == 2 and not node.prefix:
        operator = analysis.parser.tokens[node.operators[0][0]].text
        families = {family_of(operand, analysis) for operand in node.operands if operand.fault is None}
        if operator in _ORDERING and len(families & _COMPARED) == 2:
            node.fault = _fault(
                node, analysis, "wrong-type", f"`{analysis.text(node)}` compares {' and '.join(sorted(families))}"
            )


def _holds_an_aggregate(call: Call, analysis: Analysis) -> bool:
    """Whether an aggregate has another one, that is no window function, in its arguments, or the name of one."""
    if call.name not in AGGREGATES or call.arguments is None or call.window is not None:
        return False
    return any(
        (isinstance(found, Call) and found.name in AGGREGATES and found.window is None and found.kept)
        or (isinstance(found, Reference) and analysis.names_an_aggregate(found))
        for found in local_nodes(call.arguments)
    )


def _fault(node: Node, analysis: Analysis, code: str, message: str) -> Fault:
    parser = analysis.parser
    if node.first <= parser.gap <= node.last or parser.at_cursor(node.last):
        return fragment(f"`{analysis.text(node)}`")
    return analysis.report(node, code, message)


_STRICT = ("duckdb", "postgres")
_OF_NUMBERS = frozenset(
    ["avg", "ceil", "floor", "ln", "round", "sqrt", "stddev", "stddev_pop", "stddev_samp", "sum", "var_pop", "variance"]
)
_COMPARED = frozenset(["number", "text", "time", "row"])
_ORDERING = frozenset(["<", ">", "<=", ">="])
"""Comparisons that no two types have in common: for equality DuckDB casts whatever is compared."""
