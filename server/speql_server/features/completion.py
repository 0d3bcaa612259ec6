"""``textDocument/completion``: what may stand at a place."""

from typing import TYPE_CHECKING

from lsprotocol import types

from speql_server.lsp.from_lsp import completion_abilities

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
        uri = params.text_document.uri
        asked = server.documents.get(uri)
        completer = await server.completer(uri)
        if completer is None or asked is None or len(asked.snapshot.text) > server.workspaces.of(uri).document_limit:
            return types.CompletionList(is_incomplete=False, items=[])
        typed = params.context.trigger_character if params.context is not None else None
        # Of a text that has changed meanwhile, too: editors narrow a list by what is typed on.
        return await completer.complete(
            asked, params.position, completion_abilities(server.client_capabilities), sure=typed in _SURE_BEHIND
        )
