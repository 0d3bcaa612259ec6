"""``textDocument/hover``: what is known of the name under the mouse."""

from typing import TYPE_CHECKING

from lsprotocol import types

from speql_server.text_requests import read_place

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer
    from speql_speculator.navigating.hovering import Hover
    from speql_sql import Catalog


def register(server: "SpeqlServer") -> None:
    """Register the handler."""

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    async def hover(params: types.HoverParams) -> types.Hover | None:
        def read(text: str, offset: int, catalog: "Catalog") -> "tuple[Hover, types.Range] | None":
            from speql_server import to_lsp_text
            from speql_server.positions import line_index
            from speql_speculator.navigating import hovering

            found = hovering.hover(text, offset, catalog)
            return (found, to_lsp_text.text_range(found.span, line_index(text), server.encoding)) if found else None

        known = await read_place(server, params, read)
        found = await server.session(params.text_document.uri) if known is not None else None
        if known is None or found is None:
            return None
        markdown = await found[0].explained(known[0])
        if not markdown:
            return None
        return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, markdown), known[1])
