"""``textDocument/semanticTokens/range``: what each token of the statements in sight is."""

from typing import TYPE_CHECKING

from lsprotocol import types

from speql_server.text_requests import read_text

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer
    from speql_sql import Catalog


def register(server: "SpeqlServer") -> None:
    """Register the handler; the options are those of the request for all tokens."""

    @server.feature(types.TEXT_DOCUMENT_SEMANTIC_TOKENS_RANGE)
    async def semantic_tokens_range(params: types.SemanticTokensRangeParams) -> types.SemanticTokens | None:
        def read(text: str, catalog: "Catalog") -> types.SemanticTokens:
            from speql_server.positions import line_index
            from speql_server.semantic_tokens import semantic_tokens
            from speql_sql import Span

            lines = line_index(text)
            start, end = (
                lines.offset(place.line, place.character, server.encoding)
                for place in (params.range.start, params.range.end)
            )
            return types.SemanticTokens(data=semantic_tokens(text, catalog, server.encoding, Span(start, end)))

        return await read_text(server, params.text_document.uri, read)
