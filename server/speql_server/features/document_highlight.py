"""``textDocument/documentHighlight``: the places of the name at the cursor, given or used."""

from typing import TYPE_CHECKING

from lsprotocol import types

from speql_server.text_requests import read_place

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer
    from speql_server.parts import Part
    from speql_sql import Catalog


def register(server: "SpeqlServer") -> None:
    """Register the handler."""

    @server.feature(types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT)
    async def document_highlight(params: types.DocumentHighlightParams) -> list[types.DocumentHighlight] | None:
        def read(part: "Part", offset: int, catalog: "Catalog") -> list[types.DocumentHighlight]:
            from speql_server.lsp import to_lsp_text
            from speql_speculator.navigating import places

            return to_lsp_text.highlights(places.places(part.text, offset, catalog), part, server.encoding)

        return await read_place(server, params, read)
