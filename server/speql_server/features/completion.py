"""``textDocument/completion``: what may stand at a place."""

from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.exceptions import JsonRpcContentModified

from speql_server.from_lsp import completion_abilities

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer

_SURE_BEHIND = (" ", "(")
"""Behind these only what is a good guess is proposed unasked: joins by key, keys of groups, values."""


def register(server: "SpeqlServer") -> None:
    """Register the handler."""

    @server.feature(
        types.TEXT_DOCUMENT_COMPLETION,
        types.CompletionOptions(trigger_characters=[".", "'", '"', "`", *_SURE_BEHIND], resolve_provider=True),
    )
    async def completion(params: types.CompletionParams) -> types.CompletionList:
        asked = server.documents.get(params.text_document.uri)
        found = await server.session(params.text_document.uri)
        if found is None or asked is None:
            return types.CompletionList(is_incomplete=False, items=[])
        session, edited = found[0], asked
        typed = params.context.trigger_character if params.context is not None else None
        answer = await session.completer.complete(
            edited, params.position, completion_abilities(server.client_capabilities), sure=typed in _SURE_BEHIND
        )
        newest = server.documents.get(params.text_document.uri)
        if newest is None or newest.snapshot.text != edited.snapshot.text:
            raise JsonRpcContentModified("The text has changed since it was asked about.")
        return answer
