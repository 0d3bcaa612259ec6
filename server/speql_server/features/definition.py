"""``textDocument/definition``: where a name of the query is given."""

from typing import TYPE_CHECKING

from lsprotocol import types

from speql_server.text_requests import read_place

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer
    from speql_sql import Catalog


def register(server: "SpeqlServer") -> None:
    """Register the handler."""

    @server.feature(types.TEXT_DOCUMENT_DEFINITION)
    async def definition(params: types.DefinitionParams) -> types.Location | None:
        def read(text: str, offset: int, catalog: "Catalog") -> types.Location | None:
            from speql_server import to_lsp_text
            from speql_speculator.navigating import places

            found = places.definition(text, offset, catalog)
            return to_lsp_text.location(found, params.text_document.uri, text, server.encoding) if found else None

        return await read_place(server, params, read)
