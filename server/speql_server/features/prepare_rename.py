"""``textDocument/prepareRename``: what would be renamed, or why nothing can be."""

from typing import TYPE_CHECKING

from lsprotocol import types

from speql_server.text_requests import read_place
from speql_server.wire.lsp_protocol import RequestRefusedError

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer
    from speql_server.parts import Part
    from speql_sql import Catalog


def register(server: "SpeqlServer") -> None:
    """Register the handler."""

    @server.feature(types.TEXT_DOCUMENT_PREPARE_RENAME)
    async def prepare_rename(params: types.PrepareRenameParams) -> types.PrepareRenamePlaceholder | None:
        def read(part: "Part", offset: int, catalog: "Catalog") -> types.PrepareRenamePlaceholder | str:
            from speql_server.lsp import to_lsp_text
            from speql_server.masks import rename_refusal
            from speql_speculator.navigating.renaming import renamable

            found = renamable(part.text, offset, catalog)
            if isinstance(found, str):
                return found
            if refusal := rename_refusal(part.masks_at(offset, catalog.dialect)):
                return refusal
            span, name = found
            return types.PrepareRenamePlaceholder(to_lsp_text.text_range(span, part, server.encoding), name)

        found = await read_place(server, params, read)
        if isinstance(found, str):
            # An error is how a client shows why; null would only say that there is nothing.
            raise RequestRefusedError(found)
        return found
