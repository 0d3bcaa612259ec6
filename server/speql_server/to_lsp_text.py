"""From what is known of a text to the protocol's types: places, edits, outlines, tokens.

As in `to_lsp.py`, client positions are written here and nowhere else.
"""

from collections.abc import Sequence

from lsprotocol import types

from speql_server.positions import Encoding, LineIndex, line_index
from speql_speculator.edits import Edit
from speql_speculator.navigating.calls import CallAt
from speql_speculator.navigating.folds import Fold
from speql_speculator.navigating.hovering import parameter_labels, signature_label
from speql_speculator.navigating.outline import OutlineItem, OutlineKind
from speql_speculator.navigating.places import Definition, Place
from speql_sql import FunctionSignature, Span


def text_range(span: Span, lines: LineIndex, encoding: Encoding) -> types.Range:
    """A stretch of a text."""
    return types.Range(
        types.Position(*lines.position(span.start, encoding)), types.Position(*lines.position(span.end, encoding))
    )


def location(found: Definition, uri: str, text: str, encoding: Encoding) -> types.Location:
    """Where a name is defined."""
    return types.Location(uri, text_range(found.target, line_index(text), encoding))


def locations(found: Sequence[Place], uri: str, text: str, encoding: Encoding) -> list[types.Location]:
    """Where a name stands."""
    lines = line_index(text)
    return [types.Location(uri, text_range(place.span, lines, encoding)) for place in found]


def highlights(found: Sequence[Place], text: str, encoding: Encoding) -> list[types.DocumentHighlight]:
    """Where a name stands, and whether it is given (written) or used (read) there."""
    lines = line_index(text)
    kinds = {"declaration": types.DocumentHighlightKind.Write, "reference": types.DocumentHighlightKind.Read}
    return [types.DocumentHighlight(text_range(place.span, lines, encoding), kinds[place.role]) for place in found]


def workspace_edit(edits: Sequence[Edit], uri: str, text: str, encoding: Encoding) -> types.WorkspaceEdit:
    """Edits of one document."""
    lines = line_index(text)
    return types.WorkspaceEdit(
        changes={uri: [types.TextEdit(text_range(edit.span, lines, encoding), edit.new_text) for edit in edits]}
    )


_OUTLINE_KINDS: dict[OutlineKind, types.SymbolKind] = {
    "statement": types.SymbolKind.Module,
    "cte": types.SymbolKind.Class,
    "select": types.SymbolKind.Function,
    "derived table": types.SymbolKind.Struct,
}


def document_symbols(found: Sequence[OutlineItem], text: str, encoding: Encoding) -> list[types.DocumentSymbol]:
    """The outline of a document."""
    lines = line_index(text)

    def converted(item: OutlineItem) -> types.DocumentSymbol:
        return types.DocumentSymbol(
            name=item.name,
            kind=_OUTLINE_KINDS[item.kind],
            range=text_range(item.span, lines, encoding),
            selection_range=text_range(item.name_span, lines, encoding),
            detail=item.detail or None,
            children=[converted(child) for child in item.children],
        )

    return [converted(item) for item in found]


def folding_ranges(found: Sequence[Fold], text: str) -> list[types.FoldingRange]:
    """Folds over more than one line, one for each line that they begin in: clients show no more.

    A line that begins with what closes the fold stays to be seen.
    """
    lines = line_index(text)
    kinds = {"comment": types.FoldingRangeKind.Comment, "code": None}
    ranges: dict[int, types.FoldingRange] = {}
    for fold in found:
        first = lines.position(fold.span.start, "utf-32")[0]
        last, character = lines.position(fold.span.end, "utf-32")
        word = text[fold.span.end - character : fold.span.end].strip()
        if fold.closed and (word in (")", "]", "}") or word.upper() == "END"):
            last -= 1
        if last > first and (first not in ranges or ranges[first].end_line < last):
            ranges[first] = types.FoldingRange(start_line=first, end_line=last, kind=kinds[fold.kind])
    return [ranges[line] for line in sorted(ranges)]


def selection_range(found: Sequence[Span], lines: LineIndex, encoding: Encoding) -> types.SelectionRange:
    """Stretches of a text, each the parent of the one before; there is at least one."""
    parent: types.SelectionRange | None = None
    for span in reversed(found):
        parent = types.SelectionRange(range=text_range(span, lines, encoding), parent=parent)
    assert parent is not None, "the document is one"
    return parent


def signature_help(signatures: Sequence[FunctionSignature], call: CallAt) -> types.SignatureHelp:
    """The ways to call a function; active is the first one that has the argument that is being written."""
    shown = [
        types.SignatureInformation(
            label=signature_label(signature),
            documentation=types.MarkupContent(types.MarkupKind.Markdown, _described(signature)),
            parameters=[types.ParameterInformation(label) for label in parameter_labels(signature)],
        )
        for signature in signatures
    ]
    fitting = [number for number, one in enumerate(signatures) if _argument(one, call) is not None]
    active = fitting[0] if fitting else 0
    argument = _argument(signatures[active], call) if fitting else None
    last = len(shown[active].parameters or ())
    # One behind the last is how the protocol says that none is active.
    return types.SignatureHelp(shown, active, min(argument, last - 1) if argument is not None and last else last)


def _argument(signature: FunctionSignature, call: CallAt) -> int | None:
    """The place of the argument that is being written among the parameters; None if there is none."""
    names = [parameter.name.lower() for parameter in signature.parameters]
    if call.label.lower() in names:
        return names.index(call.label.lower())
    if call.argument < len(names) or (signature.variadic and names):
        return min(call.argument, len(names) - 1)
    return None


def _described(signature: FunctionSignature) -> str:
    return "\n\n".join(filter(None, (signature.description, signature.example and f"`{signature.example}`")))
