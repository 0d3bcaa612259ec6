"""``textDocument/prepareRename``: what would be renamed, or why nothing can be."""

from typing import TYPE_CHECKING

from lsprotocol import types

from speql_server.lsp_protocol import RequestRefusedError
from speql_server.text_requests import read_place

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer
    from speql_sql import Catalog


def register(server: "SpeqlServer") -> None:
    """Register the handler."""

    @server.feature(types.TEXT_DOCUMENT_PREPARE_RENAME)
    async def prepare_rename(params: types.PrepareRenameParams) -> types.PrepareRenamePlaceholder | None:
        def read(text: str, offset: int, catalog: "Catalog") -> types.PrepareRenamePlaceholder | str:
            from speql_server import to_lsp_text
            from speql_server.positions import line_index
            from speql_speculator.navigating.renaming import renamable

            found = renamable(text, offset, catalog)
            if isinstance(found, str):
                return found
            span, name = found
            return types.PrepareRenamePlaceholder(to_lsp_text.text_range(span, line_index(text), server.encoding), name)

        found = await read_place(server, params, read)
        if isinstance(found, str):
            # An error is how a client shows why; null would only say that there is nothing.
            raise RequestRefusedError(found)
        return found
