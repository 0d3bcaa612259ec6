"""``speql.submit``: run the statement at the cursor, now and as it is written."""

from typing import TYPE_CHECKING, Any

import msgspec

from speql_server.command_places import command_place

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer

COMMAND = "speql.submit"


def register(server: "SpeqlServer") -> None:
    """Register the command."""

    @server.command(COMMAND)
    async def submit(arguments: list[Any]) -> Any:
        at = await command_place(server, arguments, COMMAND)
        edited = at.edited
        if at.offset is not None:
            edited = server.documents.move_cursor(at.uri, at.offset, server.clock.now()) or edited
        async with server.work_done.shown("Running the query", at.session.cancel_submits):
            return msgspec.to_builtins(await at.session.submit(edited))
