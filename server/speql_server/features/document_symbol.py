"""``textDocument/documentSymbol``: statements, CTEs and SELECTs as a tree."""

from typing import TYPE_CHECKING

from lsprotocol import types

from speql_server.text_requests import read_text

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer
    from speql_sql import Catalog


def register(server: "SpeqlServer") -> None:
    """Register the handler."""

    @server.feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    async def document_symbol(params: types.DocumentSymbolParams) -> list[types.DocumentSymbol] | None:
        def read(text: str, catalog: "Catalog") -> list[types.DocumentSymbol]:
            from speql_server import to_lsp_text
            from speql_speculator.navigating.outline import outline

            return to_lsp_text.document_symbols(outline(text, catalog), text, server.encoding)

        return await read_text(server, params.text_document.uri, read)
