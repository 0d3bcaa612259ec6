"""``textDocument/semanticTokens/range``: what each token of the statements in sight is."""

from typing import TYPE_CHECKING

from lsprotocol import types

from speql_server.lsp.from_lsp import nearest_offset_of
from speql_server.text_requests import read_snapshot

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer
    from speql_speculator.snapshot import Snapshot
    from speql_sql import Catalog


def register(server: "SpeqlServer") -> None:
    """Register the handler; the options are those of the request for all tokens."""

    @server.feature(types.TEXT_DOCUMENT_SEMANTIC_TOKENS_RANGE)
    async def semantic_tokens_range(params: types.SemanticTokensRangeParams) -> types.SemanticTokens | None:
        def read(snapshot: "Snapshot", catalog: "Catalog") -> types.SemanticTokens:
            from speql_server.lsp.semantic_tokens import semantic_tokens
            from speql_server.parts import parts_of
            from speql_sql import Span

            start, end = (
                nearest_offset_of(snapshot, place, server.encoding) for place in (params.range.start, params.range.end)
            )
            data = semantic_tokens(parts_of(snapshot), catalog, server.encoding, Span(start, end))
            return types.SemanticTokens(data=data)

        return await read_snapshot(server, params.text_document.uri, read)
