"""``textDocument/selectionRange``: what a selection grows to, along the syntax tree."""

from typing import TYPE_CHECKING

from lsprotocol import types

from speql_server.lsp.from_lsp import offset_of
from speql_server.text_requests import read_snapshot

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer
    from speql_speculator.snapshot import Snapshot
    from speql_sql import Catalog


def register(server: "SpeqlServer") -> None:
    """Register the handler."""

    @server.feature(types.TEXT_DOCUMENT_SELECTION_RANGE)
    async def selection_range(params: types.SelectionRangeParams) -> list[types.SelectionRange] | None:
        def read(snapshot: "Snapshot", catalog: "Catalog") -> list[types.SelectionRange]:
            from speql_server.lsp import to_lsp_text
            from speql_server.parts import part_at
            from speql_speculator.navigating.selections import selections

            found: list[types.SelectionRange] = []
            for position in params.positions:
                offset = offset_of(snapshot, position, server.encoding)
                if offset is None:
                    # An empty range is how the protocol says that there is nothing at one of the places.
                    found.append(types.SelectionRange(types.Range(position, position)))
                    continue
                part = part_at(snapshot, offset)
                spans = selections(part.text, offset - part.start, catalog)
                found.append(to_lsp_text.selection_range(spans, part, server.encoding))
            return found

        return await read_snapshot(server, params.text_document.uri, read)
