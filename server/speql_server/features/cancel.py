"""``speql.cancel``: stop what runs for one document, or for all."""

from typing import TYPE_CHECKING, Any

import msgspec
from pygls.exceptions import JsonRpcInvalidParams

from speql_server.lsp.from_lsp import BadArgumentsError, cancel_arguments
from speql_server.protocol import CancelResult

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer

COMMAND = "speql.cancel"


def register(server: "SpeqlServer") -> None:
    """Register the command."""

    @server.command(COMMAND)
    async def cancel(arguments: list[Any]) -> Any:
        try:
            uri = cancel_arguments(arguments)
        except BadArgumentsError as error:
            raise JsonRpcInvalidParams(str(error)) from error
        sessions = server.sessions(uri)
        for session in sessions:
            session.cancel()
        server.leaving.cancel(uri)
        return msgspec.to_builtins(CancelResult(documents=len(sessions)))
