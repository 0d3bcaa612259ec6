"""``textDocument/hover``: what is known of the name under the mouse, or of the relation of a ``ref`` in a template."""

from dataclasses import replace
from typing import TYPE_CHECKING

from lsprotocol import types

from speql_server.text_requests import read_snapshot

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer
    from speql_speculator.navigating.hovering import Hover
    from speql_speculator.snapshot import Snapshot
    from speql_sql import Catalog


def register(server: "SpeqlServer") -> None:
    """Register the handler."""

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    async def hover(params: types.HoverParams) -> types.Hover | None:
        def read(snapshot: "Snapshot", catalog: "Catalog") -> "tuple[Hover, types.Range] | None":
            from speql_server.lsp import to_lsp_text
            from speql_server.lsp.from_lsp import offset_of
            from speql_server.masks import certain, mask_at
            from speql_server.parts import part_at
            from speql_speculator.navigating import hovering

            mask = mask_at(snapshot, params.position, server.encoding)
            at = offset_of(snapshot, params.position, server.encoding) if mask is None else mask.span.end - 1
            if at is None:
                return None
            part = part_at(snapshot, at)
            offset = at - part.start
            found = hovering.hover(part.text, offset, catalog)
            if found is None or (mask is None and part.hides(found.span)):
                return None
            if not certain(part.masks_at(offset, catalog.dialect)):
                found = replace(found, binding="")  # types may be due to what stands for a placeholder
            return found, to_lsp_text.text_range(found.span, part, server.encoding)

        known = await read_snapshot(server, params.text_document.uri, read)
        found = await server.session(params.text_document.uri) if known is not None else None
        if known is None or found is None:
            return None
        markdown = await found[0].explained(known[0])
        if not markdown:
            return None
        return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, markdown), known[1])
