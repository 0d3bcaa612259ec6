"""Formatting of a document, whole or in part: from what an editor asks for to edits of white space."""

from typing import TYPE_CHECKING

from pygls.exceptions import JsonRpcContentModified

from speql_server.lsp.positions import LineIndex
from speql_sql import Span

if TYPE_CHECKING:
    from lsprotocol import types

    from speql_server.app import SpeqlServer
    from speql_speculator.edits import Edit
    from speql_speculator.snapshot import Snapshot
    from speql_sql import Catalog

_WIDEST_TAB = 16

_AT_ONCE = 20_000
"""So many characters are laid out before others have their turn in the thread for replies: about 0.1 s."""


async def format_text(
    server: "SpeqlServer", uri: str, options: "types.FormattingOptions", place: "types.Range | None" = None
) -> "list[types.TextEdit] | None":
    """The edits that lay out the statements that touch ``place``, or all; None for what is no document of plain SQL.

    SQL inside another language is left as it is: its lines belong to that language.
    """
    found = await server.session(uri)
    if found is None or found[1].snapshot.projection is not None:
        return None
    session, edited = found
    text = edited.snapshot.text
    own = server.workspaces.of(uri)
    if len(text) > own.document_limit:
        return None
    start, end = _offsets(text, place, server) if place is not None else (0, len(text))
    edits: dict[Edit, None] = {}
    while start <= end:
        piece = Span(start, min(start + _AT_ONCE, end))

        def read(snapshot: "Snapshot", catalog: "Catalog", piece: Span = piece) -> "tuple[Edit, ...]":
            from speql_speculator.formatting.formatting import format_edits
            from speql_speculator.formatting.style import Style

            width_of_tab = min(max(options.tab_size, 1), _WIDEST_TAB)
            style = Style(width_of_tab, not options.insert_spaces, own.format.line_width, own.format.keyword_case)
            return format_edits(snapshot.text, style, catalog.dialect, piece)

        edits |= dict.fromkeys(await session.read(edited, read))
        newest = server.documents.get(uri)
        if newest is None or newest.snapshot.text != text:
            raise JsonRpcContentModified("The text has changed since it was asked about.")
        start = piece.end + 1

    def written(snapshot: "Snapshot", _: "Catalog") -> "list[types.TextEdit]":
        from speql_server.lsp import to_lsp_text

        return to_lsp_text.text_edits(sorted(edits, key=lambda edit: edit.span), snapshot.text, server.encoding)

    return await session.read(edited, written)


def _offsets(text: str, place: "types.Range", server: "SpeqlServer") -> tuple[int, int]:
    lines = LineIndex(text)
    start, end = (lines.offset(edge.line, edge.character, server.encoding) for edge in (place.start, place.end))
    return min(start, end), max(start, end)
