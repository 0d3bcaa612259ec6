"""``textDocument/documentSymbol``: statements, CTEs and SELECTs as a tree."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lsprotocol import types

from speql_server.text_requests import read_parts

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer
    from speql_server.parts import Part
    from speql_sql import Catalog


def register(server: "SpeqlServer") -> None:
    """Register the handler."""

    @server.feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    async def document_symbol(params: types.DocumentSymbolParams) -> list[types.DocumentSymbol] | None:
        def read(parts: "Sequence[Part]", catalog: "Catalog") -> list[types.DocumentSymbol]:
            from speql_server.lsp import to_lsp_text
            from speql_speculator.navigating.outline import outline

            return [
                symbol
                for part in parts
                for symbol in to_lsp_text.document_symbols(outline(part.text, catalog), part, server.encoding)
            ]

        return await read_parts(server, params.text_document.uri, read)
