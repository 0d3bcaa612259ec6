"""``textDocument/rename``: another name for what the query itself names."""

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

    @server.feature(types.TEXT_DOCUMENT_RENAME, types.RenameOptions(prepare_provider=True))
    async def rename(params: types.RenameParams) -> types.WorkspaceEdit | None:
        def read(part: "Part", offset: int, catalog: "Catalog") -> types.WorkspaceEdit | str:
            from speql_server.lsp import to_lsp_text
            from speql_server.masks import rename_refusal
            from speql_speculator.navigating import renaming

            edits = renaming.rename(part.text, offset, params.new_name, catalog)
            if isinstance(edits, str):
                return edits
            if refusal := rename_refusal(part.masks_at(offset, catalog.dialect)):
                return refusal
            cannot = "It cannot be renamed here: the document says a part of this SQL in another way."
            return to_lsp_text.workspace_edit(edits, part, server.encoding) or cannot

        found = await read_place(server, params, read)
        if isinstance(found, str):
            raise RequestRefusedError(found)
        return found
