"""From what is known of a text to the protocol's types: places, edits, outlines, tokens.

As in `to_lsp.py`, client positions are written here and nowhere else.
"""

from collections.abc import Sequence
from itertools import pairwise

from lsprotocol import types

from speql_server.lsp.positions import Encoding, Range, line_index
from speql_server.lsp.projected_lines import lines_of
from speql_server.parts import Part
from speql_speculator.edits import Edit
from speql_speculator.navigating.calls import CallAt
from speql_speculator.navigating.folds import Fold
from speql_speculator.navigating.hovering import parameter_labels, signature_label
from speql_speculator.navigating.made_tables import TablePlace
from speql_speculator.navigating.outline import OutlineItem, OutlineKind, shortened
from speql_speculator.navigating.places import Definition, Place
from speql_speculator.snapshot import Snapshot
from speql_sql import FunctionSignature, Span


def text_range(span: Span, part: Part, encoding: Encoding) -> types.Range:
    """A stretch of a text."""
    return _range(part.range(span, encoding))


def place_behind(offset: int, part: Part, encoding: Encoding) -> types.Position:
    """The place behind what ends at an offset."""
    return text_range(Span(offset, offset), part, encoding).start


def location(found: Definition, part: Part, encoding: Encoding) -> types.Location | None:
    """Where a name is defined; None if that name is only read there."""
    if part.hides(found.origin):
        return None
    return types.Location(part.uri, text_range(found.target, part, encoding))


def locations(found: Sequence[Place], part: Part, encoding: Encoding) -> list[types.Location]:
    """Where a name stands."""
    return [
        types.Location(part.uri, text_range(place.span, part, encoding))
        for place in found
        if not part.hides(place.span)
    ]


def table_locations(found: Sequence[TablePlace], texts: Sequence[Snapshot], encoding: Encoding) -> list[types.Location]:
    """Where a table stands that one of the texts makes."""
    lines = {number: lines_of(texts[number]) for number in {place.text for place in found}}
    return [
        types.Location(
            texts[place.text].uri,
            _range((lines[place.text].host_range if place.in_host else lines[place.text].range)(place.span, encoding)),
        )
        for place in found
    ]


def highlights(found: Sequence[Place], part: Part, encoding: Encoding) -> list[types.DocumentHighlight]:
    """Where a name stands, and whether it is given (written) or used (read) there."""
    kinds = {"declaration": types.DocumentHighlightKind.Write, "reference": types.DocumentHighlightKind.Read}
    return [
        types.DocumentHighlight(text_range(place.span, part, encoding), kinds[place.role])
        for place in found
        if not part.hides(place.span)
    ]


def workspace_edit(edits: Sequence[Edit], part: Part, encoding: Encoding) -> types.WorkspaceEdit | None:
    """Edits of one document; None if one of them cannot be written there."""
    written: list[types.TextEdit] = []
    for edit in edits:
        placed = part.edits(edit.span, edit.new_text, encoding)
        if placed is None:
            return None
        written += (types.TextEdit(_range(one.range), one.new_text) for one in placed)
    written.sort(key=lambda edit: (edit.range.start.line, edit.range.start.character))
    if any(later.range.start < earlier.range.end for earlier, later in pairwise(written)):
        return None
    return types.WorkspaceEdit(changes={part.uri: written})


def text_edits(edits: Sequence[Edit], text: str, encoding: Encoding) -> list[types.TextEdit]:
    """Edits of one document."""
    lines = line_index(text)
    return [types.TextEdit(_range(lines.range(edit.span, encoding)), edit.new_text) for edit in edits]


def versioned_edit(edits: Sequence[types.TextEdit], uri: str, version: int) -> types.WorkspaceEdit:
    """Edits of exactly this version of a document: the client refuses them if it has moved on."""
    document = types.OptionalVersionedTextDocumentIdentifier(uri=uri, version=version)
    return types.WorkspaceEdit(document_changes=[types.TextDocumentEdit(text_document=document, edits=list(edits))])


_OUTLINE_KINDS: dict[OutlineKind, types.SymbolKind] = {
    "statement": types.SymbolKind.Module,
    "cte": types.SymbolKind.Class,
    "select": types.SymbolKind.Function,
    "derived table": types.SymbolKind.Struct,
}


def document_symbols(found: Sequence[OutlineItem], part: Part, encoding: Encoding) -> list[types.DocumentSymbol]:
    """The outline of a text. What stands for a placeholder is left out; what is in it comes in its place."""

    def converted(item: OutlineItem) -> list[types.DocumentSymbol]:
        children = [symbol for child in item.children for symbol in converted(child)]
        if part.hides(item.span) or (item.kind != "statement" and part.hides(item.name_span)):
            return children
        name = shortened(part.written(item.span)) if item.kind == "statement" else item.name
        symbol = types.DocumentSymbol(
            name=name,
            kind=_OUTLINE_KINDS[item.kind],
            range=text_range(item.span, part, encoding),
            selection_range=text_range(item.name_span, part, encoding),
            detail=item.detail or None,
            children=children,
        )
        return [symbol]

    return [symbol for item in found for symbol in converted(item)]


def folding_ranges(found: Sequence[tuple[Part, Sequence[Fold]]]) -> list[types.FoldingRange]:
    """Folds over more than one line, one for each line that they begin in: clients show no more.

    A line that begins with what closes the fold stays to be seen.
    """
    kinds = {"comment": types.FoldingRangeKind.Comment, "code": None}
    ranges: dict[int, types.FoldingRange] = {}
    for part, folds in found:
        for fold in folds:
            (first, _), (last, character) = part.range(fold.span, "utf-32")
            word = part.lines.before(last, character).strip()
            if fold.closed and (word in (")", "]", "}") or word.upper() == "END"):
                last -= 1
            if last > first and (first not in ranges or ranges[first].end_line < last):
                ranges[first] = types.FoldingRange(start_line=first, end_line=last, kind=kinds[fold.kind])
    return [ranges[line] for line in sorted(ranges)]


def selection_range(found: Sequence[Span], part: Part, encoding: Encoding) -> types.SelectionRange:
    """Stretches of a text, each the parent of the one before; there is at least one."""
    parent: types.SelectionRange | None = None
    for span in reversed(found):
        parent = types.SelectionRange(range=text_range(span, part, encoding), parent=parent)
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


def _range(place: Range) -> types.Range:
    return types.Range(types.Position(*place[0]), types.Position(*place[1]))
