"""``textDocument/hover``: what is known of the name under the mouse."""

from typing import TYPE_CHECKING

from lsprotocol import types

from speql_server.from_lsp import offset_of

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer


def register(server: "SpeqlServer") -> None:
    """Register the handler."""

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    async def hover(params: types.HoverParams) -> types.Hover | None:
        found = await server.session(params.text_document.uri)
        if found is None:
            return None
        session, edited = found
        text = edited.snapshot.text
        offset = offset_of(edited.snapshot, params.position, server.encoding)
        plain = edited.snapshot.projection is None
        answer = await session.hover(edited, offset) if plain and offset is not None else None
        if answer is None:
            return None
        from speql_server import to_lsp_text
        from speql_server.positions import LineIndex

        known, markdown = answer
        return types.Hover(
            types.MarkupContent(types.MarkupKind.Markdown, markdown),
            to_lsp_text.text_range(known.span, LineIndex(text), server.encoding),
        )
