"""``textDocument/completion``: tables and columns that may stand at a place."""

from typing import TYPE_CHECKING

from lsprotocol import types

from speql_server.from_lsp import offset_of

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer


def register(server: "SpeqlServer") -> None:
    """Register the handler."""

    @server.feature(types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions(trigger_characters=["."]))
    async def completion(params: types.CompletionParams) -> types.CompletionList:
        found = await server.session(params.text_document.uri)
        if found is None:
            return types.CompletionList(is_incomplete=False, items=[])
        session, edited = found
        offset = offset_of(edited.snapshot, params.position, server.encoding)
        if offset is None or len(edited.snapshot.text) > server.settings.document_limit:
            return types.CompletionList(is_incomplete=False, items=[])
        return types.CompletionList(is_incomplete=False, items=await session.completions(edited, offset))
