"""``textDocument/inlineCompletion``: ghost text at the cursor."""

from typing import TYPE_CHECKING

from lsprotocol import types

from speql_server.from_lsp import offset_of
from speql_server.to_lsp import inline_completion_item

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer


def register(server: "SpeqlServer") -> None:
    """Register the handler. Without options pygls would not tell the client of it."""

    @server.feature(types.TEXT_DOCUMENT_INLINE_COMPLETION, types.InlineCompletionOptions())
    async def inline_completion(params: types.InlineCompletionParams) -> types.InlineCompletionList:
        nothing = types.InlineCompletionList(items=[])
        uri = params.text_document.uri
        connection, _ = await server.ready()
        edited = server.documents.get(uri)
        if edited is None:
            return nothing
        text = edited.snapshot.text
        start = end = offset_of(text, params.position, server.encoding)
        selected = ""
        if (info := params.context.selected_completion_info) is not None:
            # The list of completions is open: what is shown has to go on from the item that is selected there.
            start, end = (offset_of(text, place, server.encoding) for place in (info.range.start, info.range.end))
            selected = info.text
        seen = text[:start] + selected + text[end:]
        catalog = await connection.catalog()

        def newest() -> bool:
            return server.documents.get(uri) is edited

        ghost = await connection.predictor.ghost_text(seen, start + len(selected), catalog, newest)
        if ghost is None or not newest() or (selected and ghost.text[:1].isalnum()):
            return nothing  # letters would make another word of the selected item
        item = inline_completion_item(text, selected + ghost.text, start, end, server.encoding)
        return types.InlineCompletionList(items=[item])
