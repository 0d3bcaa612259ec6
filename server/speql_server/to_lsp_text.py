"""From what is known of a text to the protocol's types: places, edits, outlines, tokens.

As in `to_lsp.py`, client positions are written here and nowhere else.
"""

from collections.abc import Sequence

from lsprotocol import types

from speql_server.positions import Encoding, LineIndex
from speql_speculator.edits import Edit
from speql_speculator.navigating.places import Definition, Place
from speql_sql import Span


def text_range(span: Span, lines: LineIndex, encoding: Encoding) -> types.Range:
    """A stretch of a text."""
    return types.Range(
        types.Position(*lines.position(span.start, encoding)), types.Position(*lines.position(span.end, encoding))
    )


def location(found: Definition, uri: str, text: str, encoding: Encoding) -> types.Location:
    """Where a name is defined."""
    return types.Location(uri, text_range(found.target, LineIndex(text), encoding))


def locations(found: Sequence[Place], uri: str, text: str, encoding: Encoding) -> list[types.Location]:
    """Where a name stands."""
    lines = LineIndex(text)
    return [types.Location(uri, text_range(place.span, lines, encoding)) for place in found]


def highlights(found: Sequence[Place], text: str, encoding: Encoding) -> list[types.DocumentHighlight]:
    """Where a name stands, and whether it is given (written) or used (read) there."""
    lines = LineIndex(text)
    kinds = {"declaration": types.DocumentHighlightKind.Write, "reference": types.DocumentHighlightKind.Read}
    return [types.DocumentHighlight(text_range(place.span, lines, encoding), kinds[place.role]) for place in found]


def workspace_edit(edits: Sequence[Edit], uri: str, text: str, encoding: Encoding) -> types.WorkspaceEdit:
    """Edits of one document."""
    lines = LineIndex(text)
    return types.WorkspaceEdit(
        changes={uri: [types.TextEdit(text_range(edit.span, lines, encoding), edit.new_text) for edit in edits]}
    )
