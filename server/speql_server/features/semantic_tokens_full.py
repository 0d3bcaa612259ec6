"""``textDocument/semanticTokens/full``: what each token of a document is."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lsprotocol import types

from speql_server.lsp.token_legend import MODIFIERS, TYPE_NAMES
from speql_server.text_requests import read_parts

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer
    from speql_server.parts import Part
    from speql_sql import Catalog


def register(server: "SpeqlServer") -> None:
    """Register the handler, with the names of what the numbers stand for, in all three requests of tokens."""

    legend = types.SemanticTokensLegend(token_types=TYPE_NAMES, token_modifiers=list(MODIFIERS))

    @server.feature(types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL, legend)
    async def semantic_tokens_full(params: types.SemanticTokensParams) -> types.SemanticTokens | None:
        data = await all_tokens(server, params.text_document.uri)
        if data is None:
            return None
        return types.SemanticTokens(data=data, result_id=remember(server, params.text_document.uri, data))


async def all_tokens(server: "SpeqlServer", uri: str) -> list[int] | None:
    """The numbers of all tokens; None if the document is not open, or holds no SQL."""

    def read(parts: "Sequence[Part]", catalog: "Catalog") -> list[int]:
        from speql_server.lsp.semantic_tokens import semantic_tokens

        return semantic_tokens(parts, catalog, server.encoding)

    return await read_parts(server, uri, read)


def remember(server: "SpeqlServer", uri: str, data: list[int]) -> str:
    """Keep what the client is sent, until the next time, under a name."""
    name = ""
    for session in server.sessions(uri):
        name = str(int(session.tokens_sent[0] or 0) + 1)
        session.tokens_sent = name, data
    return name
