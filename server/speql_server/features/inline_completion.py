"""``textDocument/inlineCompletion``: ghost text at the cursor."""

from typing import TYPE_CHECKING

from lsprotocol import types

from speql_server.lsp.from_lsp import offset_of

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer


def register(server: "SpeqlServer") -> None:
    """Register the handler. Without options pygls would not tell the client of it."""

    @server.feature(types.TEXT_DOCUMENT_INLINE_COMPLETION, types.InlineCompletionOptions())
    async def inline_completion(params: types.InlineCompletionParams) -> types.InlineCompletionList:
        nothing = types.InlineCompletionList(items=[])
        uri = params.text_document.uri
        connection = await server.connection(uri)
        edited = server.documents.get(uri)
        if connection is None or edited is None:
            return nothing
        if len(edited.snapshot.text) > server.workspaces.of(uri).document_limit:
            return nothing
        snapshot = edited.snapshot
        start = end = offset_of(snapshot, params.position, server.encoding)
        selected = ""
        if (info := params.context.selected_completion_info) is not None:
            # The list of completions is open: what is shown has to go on from the item that is selected there.
            start, end = (offset_of(snapshot, place, server.encoding) for place in (info.range.start, info.range.end))
            selected = info.text
        if start is None or end is None:
            return nothing
        begin, text = snapshot.part_at(start)
        seen = text[: start - begin] + selected + text[end - begin :]
        catalog = await server.catalog(uri)

        def newest() -> bool:
            return server.documents.get(uri) is edited

        ghost = await connection.predictor.ghost_text(seen, start - begin + len(selected), catalog, newest)
        shown = ghost.text if ghost is not None else None
        found = await server.session(uri) if shown is None and not selected and newest() else None
        if found is not None and found[1].snapshot.cursor == start:
            # Rules and history know nothing here: a language model may, if the user has one.
            shown = await found[0].continuation(found[1])
        if not shown or not newest() or (selected and shown[:1].isalnum()):
            return nothing  # letters would make another word of the selected item
        from speql_server.lsp.to_lsp import inline_completion_item  # with the rooms below, which are imported by now

        item = inline_completion_item(snapshot, selected + shown, start, end, server.encoding)
        return types.InlineCompletionList(items=[item] if item is not None else [])
