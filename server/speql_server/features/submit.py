"""``speql.submit``: run the statement at the cursor, now and as it is written."""

from typing import TYPE_CHECKING, Any

import msgspec
from pygls.exceptions import JsonRpcInvalidParams

from speql_server.from_lsp import BadArgumentsError, offset_of, place_arguments

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer

COMMAND = "speql.submit"


def register(server: "SpeqlServer") -> None:
    """Register the command."""

    @server.command(COMMAND)
    async def submit(arguments: list[Any]) -> Any:
        try:
            uri, position = place_arguments(arguments, COMMAND)
        except BadArgumentsError as error:
            raise JsonRpcInvalidParams(str(error)) from error
        found = await server.session(uri)
        if found is None:
            raise JsonRpcInvalidParams(f"{uri} is not open. Open it in the editor first.")
        session, edited = found
        if position is not None:
            offset = offset_of(edited.snapshot, position, server.encoding)
            if offset is None:
                raise JsonRpcInvalidParams("There is no SQL at this place of the document.")
            edited = server.documents.move_cursor(uri, offset, server.clock.now()) or edited
        async with server.work_done.shown("Running the query", session.cancel_submits):
            return msgspec.to_builtins(await session.submit(edited))
