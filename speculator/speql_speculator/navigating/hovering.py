"""What is known of the name at a place of a text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from speql_speculator.column_facts import column_list, key_facts
from speql_speculator.navigating.document import model_at
from speql_speculator.navigating.relations import relations
from speql_speculator.navigating.semantic_model import SemanticModel
from speql_speculator.navigating.symbols import Occurrence, Output, OutputColumn, Symbol
from speql_sql import Catalog, Column, FunctionSignature, Span, Table

_MOST_SIGNATURES = 4


@dataclass(frozen=True, slots=True)
class Hover:
    """What to show of a name: its ``head`` as code, then ``notes``, then columns with what is known of their types.

    ``column`` is the output column that it is. ``binding`` is a query whose columns are those of the name's CTE or
    derived table: the engine knows their types better than the text says. ``function`` is a function's name.
    """

    span: Span
    head: str = ""
    notes: tuple[str, ...] = ()
    columns: tuple[tuple[str, str], ...] = ()
    column: str = ""
    binding: str = ""
    function: str = ""

    def markdown(self, types: Mapping[str, str], signatures: Sequence[FunctionSignature] = ()) -> str:
        """The text, with the types of columns (by folded name) and the function's signatures as the engine has them."""
        if self.function:
            heads = [signature_label(one) for one in signatures[:_MOST_SIGNATURES]]
            more = [f"and {len(signatures) - _MOST_SIGNATURES} more"] if len(signatures) > _MOST_SIGNATURES else []
            said = [signatures[0].description, signatures[0].example and f"`{signatures[0].example}`"] if heads else []
            return _paragraphs("\n".join(heads), (*more, *said)) if heads else ""
        type_name = types.get(self.column.lower(), "")
        head = f"{self.head} {type_name}" if type_name and not self.head.endswith(f" {type_name}") else self.head
        listed = [Column(name, types.get(name.lower(), known)) for name, known in self.columns]
        return _paragraphs(head, (*self.notes, column_list(listed) if listed else ""))


def hover(text: str, offset: int, catalog: Catalog) -> Hover | None:
    """What is known of the name at a place of a document: a table, column, CTE, alias or function."""
    located = model_at(text, offset, catalog)
    if located is None:
        return None
    model, place = located.model, offset - located.start
    occurrence = model.at(place)
    if occurrence is not None:
        span = occurrence.span.shifted(located.start)
        return _of_symbol(model, occurrence, span, catalog)
    for index, mark in model.marks.items():
        token = model.tokens[index]
        if mark == "function" and token.start <= place <= token.end:
            return Hover(Span(token.start, token.end).shifted(located.start), function=token.name.lower())
    return None


def signature_label(signature: FunctionSignature) -> str:
    """``round(x, precision INTEGER) -> DOUBLE``."""
    returns = f" -> {signature.returns}" if signature.returns else ""
    return f"{signature.name}({', '.join(parameter_labels(signature))}){returns}"


def parameter_labels(signature: FunctionSignature) -> list[str]:
    """The parameters as the label has them; of very many the first ones."""
    labels = [f"{parameter.name} {parameter.type}".rstrip() for parameter in signature.parameters]
    return [*labels[:8], *(["..."] if len(labels) > 8 or signature.variadic else [])]


def _paragraphs(head: str, notes: Sequence[str]) -> str:
    return "\n\n".join([f"```sql\n{head}\n```", *filter(None, notes)])


def _of_symbol(model: SemanticModel, occurrence: Occurrence, span: Span, catalog: Catalog) -> Hover | None:
    symbol = occurrence.symbol
    if symbol.kind == "column":
        return _of_column(symbol, span)
    if symbol.kind == "table" or (symbol.kind == "alias" and symbol.table is not None):
        return _of_table(symbol, span)
    if symbol.kind in ("cte", "alias"):
        output = model.outputs.get(symbol, Output())
        head = f"WITH {symbol.name}" if symbol.kind == "cte" else f"{symbol.name}"
        if symbol.kind == "alias" and symbol.stands_for is not None:
            head = f"{symbol.stands_for.name} AS {symbol.name}"
        columns = tuple((column.name or column.expression, _type(column)) for column in output.columns)
        return Hover(span, head, columns=columns, binding=_binding(model, symbol))
    if symbol.kind == "output":
        return _of_output(model, symbol, span)
    what = "window" if symbol.kind == "window" else "parameter of a lambda"
    return Hover(span, f"{symbol.name}", (f"A {what}.",))


def _of_column(symbol: Symbol, span: Span) -> Hover | None:
    column = symbol.table.column(symbol.name) if symbol.table is not None else None
    if symbol.table is None or column is None:
        return None
    rows = f", {symbol.table.row_count:,} rows" if symbol.table.row_count is not None else ""
    notes = [
        key_facts(column, symbol.table),
        "" if column.nullable else "Not null.",
        f"Column of {symbol.table.kind} `{symbol.table.name}`{rows}.",
    ]
    return Hover(span, f"{symbol.table.name}.{column.name} {column.type}", tuple(filter(None, notes)))


def _of_table(symbol: Symbol, span: Span) -> Hover | None:
    table: Table | None = symbol.table
    if table is None:
        return None
    name = f"{table.schema}.{table.name}" if table.schema else table.name
    alias = f" AS {symbol.name}" if symbol.kind == "alias" else ""
    rows = f"{table.row_count:,} rows." if table.row_count is not None else ""
    listed = column_list(table.columns, table)
    return Hover(span, f"{table.kind} {name}{alias}", tuple(filter(None, (rows, listed))))


def _of_output(model: SemanticModel, symbol: Symbol, span: Span) -> Hover | None:
    for owner, output in model.outputs.items():
        for column in output.columns:
            if column.symbol is symbol:
                name = f"{owner.name}.{column.name}" if owner.name else column.name
                made = f"`{column.expression}`" if column.expression and column.expression != column.name else ""
                head = f"{name} {_type(column)}".rstrip()
                notes = (made,) if made else ()
                return Hover(span, head, notes, column=column.name, binding=_binding(model, owner))
    for column in model.output.columns:
        if column.symbol is symbol:
            made = f"`{column.expression}`" if column.expression and column.expression != column.name else ""
            head = f"{column.name} {_type(column)}".rstrip()
            return Hover(span, head, (made,) if made else (), column=column.name, binding=model.text)
    return Hover(span, symbol.name)


def _type(column: OutputColumn) -> str:
    """The type of a column that is only passed on from a table; empty if an expression makes it."""
    symbol = column.symbol
    while symbol is not None and symbol.kind == "output":
        symbol = symbol.stands_for
    found = symbol.table.column(symbol.name) if symbol is not None and symbol.table is not None else None
    return found.type if found is not None else ""


def _binding(model: SemanticModel, symbol: Symbol) -> str:
    """A query with the columns of a CTE of the statement or of a derived table, if it can stand alone."""
    if symbol.kind == "alias" and symbol.stands_for is not None:
        symbol = symbol.stands_for
    if symbol.declared is None:
        return ""
    start = symbol.declared.start
    return next((found.sql for found in relations(model) if model.tokens[found.name].start == start), "")
