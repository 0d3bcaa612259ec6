"""``textDocument/semanticTokens/full/delta``: what has changed of the tokens that the client has."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lsprotocol import types

from speql_server.features.semantic_tokens_full import remember
from speql_server.text_requests import read_parts

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer
    from speql_server.parts import Part
    from speql_sql import Catalog


def register(server: "SpeqlServer") -> None:
    """Register the handler."""

    @server.feature(types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL_DELTA)
    async def semantic_tokens_delta(
        params: types.SemanticTokensDeltaParams,
    ) -> types.SemanticTokens | types.SemanticTokensDelta | None:
        uri = params.text_document.uri
        name, known = next((session.tokens_sent for session in server.sessions(uri)), ("", []))

        def read(parts: "Sequence[Part]", catalog: "Catalog") -> tuple[list[int], list[types.SemanticTokensEdit]]:
            from speql_server.lsp.semantic_tokens import delta, semantic_tokens

            data = semantic_tokens(parts, catalog, server.encoding)
            return data, delta(known, data) if name == params.previous_result_id else []

        found = await read_parts(server, uri, read)
        if found is None:
            return None
        data, edits = found
        result = remember(server, uri, data)
        if name != params.previous_result_id:
            return types.SemanticTokens(data=data, result_id=result)
        return types.SemanticTokensDelta(edits=edits, result_id=result)
