"""``textDocument/codeAction``: what can be done with the statement at a place."""

from typing import TYPE_CHECKING

from lsprotocol import types

from speql_server.text_actions import KINDS, offered_actions

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer


def register(server: "SpeqlServer") -> None:
    """Register the handler. Each action has its edits: making them costs less than asking twice."""

    @server.feature(types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions(code_action_kinds=KINDS))
    async def code_action(params: types.CodeActionParams) -> list[types.CodeAction] | None:
        return await offered_actions(server, params)
