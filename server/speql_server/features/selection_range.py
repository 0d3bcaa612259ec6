"""``textDocument/selectionRange``: what a selection grows to, along the syntax tree."""

from typing import TYPE_CHECKING

from lsprotocol import types

from speql_server.text_requests import read_text

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer
    from speql_sql import Catalog


def register(server: "SpeqlServer") -> None:
    """Register the handler."""

    @server.feature(types.TEXT_DOCUMENT_SELECTION_RANGE)
    async def selection_range(params: types.SelectionRangeParams) -> list[types.SelectionRange] | None:
        def read(text: str, catalog: "Catalog") -> list[types.SelectionRange]:
            from speql_server import to_lsp_text
            from speql_server.positions import line_index
            from speql_speculator.navigating.selections import selections

            lines = line_index(text)
            offsets = (lines.offset(place.line, place.character, server.encoding) for place in params.positions)
            return [
                to_lsp_text.selection_range(selections(text, offset, catalog), lines, server.encoding)
                for offset in offsets
            ]

        return await read_text(server, params.text_document.uri, read)
