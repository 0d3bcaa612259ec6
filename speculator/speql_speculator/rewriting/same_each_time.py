"""Whether a query gives the same rows, however often it is read."""

from speql_speculator.navigating.semantic_model import SemanticModel
from speql_speculator.parsing.keywords import AGGREGATES
from speql_speculator.parsing.syntax_tree import Call, Query, Reference, Select, walk
from speql_speculator.rewriting.places_in_tree import span_of
from speql_sql import Catalog
from speql_sql.guard_functions import VOLATILE_FUNCTIONS, is_built_in


def same_each_time(model: SemanticModel, query: Query, catalog: Catalog, *, often: bool) -> bool:
    """Whether a query gives the same rows whenever it is read; ``often``: also where SQL leaves open which.

    A subquery may be read for each row.
    """
    first, last = query.first, query.last
    words = {token.upper for token in model.tokens[first:last] if token.kind == "word"}
    if words & {"TABLESAMPLE", "SAMPLE"}:
        return False
    inside = span_of(model, query)
    for occurrence in model.occurrences:
        if inside.start <= occurrence.span.start < inside.end:
            table = occurrence.symbol.table
            if table is not None and (table.unsafe or (often and table.kind == "view")):
                return False
    calls = [node for node in walk(query) if isinstance(node, Call)]
    if any(not _is_harmless(call, catalog) for call in calls):
        return False
    if not often:
        return True
    if words & {"LIMIT", "OFFSET", "FETCH", "TOP", "QUALIFY"} or any(call.window is not None for call in calls):
        return False
    if any(isinstance(node, Select) and node.distinct_on is not None for node in walk(query)):
        return False
    return all(call.name not in AGGREGATES or _is_exact(model, call) for call in calls)


def _is_harmless(call: Call, catalog: Catalog) -> bool:
    """Whether a function always gives the same for the same arguments: it is known, and it is the engine's own."""
    name = call.name.lower()
    if name in catalog.user_functions or name in VOLATILE_FUNCTIONS:
        return False
    return is_built_in(name, catalog.dialect) or name in _SYNTAX or name in _READERS


_SYNTAX = frozenset(
    [
        "cast",
        "try_cast",
        "extract",
        "coalesce",
        "nullif",
        "row",
        "columns",
        "unnest",
        "grouping",
        "rollup",
        "cube",
        "if",
        "struct_pack",
        "exists",
    ]
)
_READERS = frozenset(["read_csv", "read_csv_auto", "read_json", "read_json_auto", "read_parquet", "parquet_scan"])


def _is_exact(model: SemanticModel, call: Call) -> bool:
    """Whether an aggregate does not depend on the order of its rows: sums of floats do."""
    if call.name in _EXACT:
        return True
    if call.name not in ("sum", "avg", "mean") or call.arguments is None:
        return False
    references = [node for node in walk(call.arguments) if isinstance(node, Reference)]
    if len(references) != 1 or span_of(model, references[0]) != span_of(model, call.arguments):
        return False
    occurrence = model.at(model.tokens[references[0].parts[-1]].start)
    symbol = occurrence.symbol if occurrence is not None else None
    column = symbol.table.column(symbol.name) if symbol is not None and symbol.table is not None else None
    return column is not None and column.type.split("(")[0].upper() in _EXACT_TYPES


_EXACT = frozenset(
    ["bit_and", "bit_or", "bit_xor", "bool_and", "bool_or", "count", "count_if", "countif", "every", "max", "min"]
)
_EXACT_TYPES = frozenset(
    [
        "TINYINT",
        "SMALLINT",
        "INTEGER",
        "BIGINT",
        "HUGEINT",
        "UTINYINT",
        "USMALLINT",
        "UINTEGER",
        "UBIGINT",
        "UHUGEINT",
        "DECIMAL",
    ]
)
