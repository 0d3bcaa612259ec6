"""``textDocument/semanticTokens/full/delta``: what has changed of the tokens that the client has."""

from typing import TYPE_CHECKING

from lsprotocol import types

from speql_server.features.semantic_tokens_full import all_tokens, remember

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer


def register(server: "SpeqlServer") -> None:
    """Register the handler."""

    @server.feature(types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL_DELTA)
    async def semantic_tokens_delta(
        params: types.SemanticTokensDeltaParams,
    ) -> types.SemanticTokens | types.SemanticTokensDelta | None:
        uri = params.text_document.uri
        data = await all_tokens(server, uri)
        if data is None:
            return None
        known = next((session.tokens_sent for session in server.sessions(uri)), ("", []))
        name = remember(server, uri, data)
        if known[0] != params.previous_result_id:
            return types.SemanticTokens(data=data, result_id=name)
        from speql_server.semantic_tokens import delta

        return types.SemanticTokensDelta(edits=delta(known[1], data), result_id=name)
