"""``textDocument/codeLens``: run and preview statements, CTEs and SELECTs, from the line above them."""

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

    @server.feature(types.TEXT_DOCUMENT_CODE_LENS, types.CodeLensOptions(resolve_provider=True))
    async def code_lens(params: types.CodeLensParams) -> list[types.CodeLens] | None:
        await server.ready()
        if not server.workspaces.of(params.text_document.uri).code_lens:
            return None

        def read(parts: "Sequence[Part]", catalog: "Catalog") -> list[types.CodeLens]:
            from speql_server.lsp.to_lsp_lenses import code_lenses

            return code_lenses(parts, catalog, server.encoding)

        return await read_parts(server, params.text_document.uri, read)
