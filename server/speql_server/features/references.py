"""``textDocument/references``: all places of a name in its statement."""

from typing import TYPE_CHECKING

from lsprotocol import types

from speql_server.text_requests import read_place

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer
    from speql_sql import Catalog


def register(server: "SpeqlServer") -> None:
    """Register the handler."""

    @server.feature(types.TEXT_DOCUMENT_REFERENCES)
    async def references(params: types.ReferenceParams) -> list[types.Location] | None:
        def read(text: str, offset: int, catalog: "Catalog") -> list[types.Location]:
            from speql_server import to_lsp_text
            from speql_speculator.navigating import places

            with_declaration = params.context.include_declaration
            found = [
                place for place in places.places(text, offset, catalog) if with_declaration or place.role == "reference"
            ]
            return to_lsp_text.locations(found, params.text_document.uri, text, server.encoding)

        return await read_place(server, params, read)
