"""``speql.explain``: what would be computed for the statement at a place, what would be reused, and why not."""

from typing import TYPE_CHECKING, Any

import msgspec

from speql_server.command_places import command_place
from speql_server.result_commands import refused

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer

COMMAND = "speql.explain"


def register(server: "SpeqlServer") -> None:
    """Register the command."""

    @server.command(COMMAND)
    async def explain(arguments: list[Any]) -> Any:
        at = await command_place(server, arguments, COMMAND)
        offset = at.edited.snapshot.cursor if at.offset is None else at.offset
        with refused():
            return msgspec.to_builtins(await at.session.explain(at.edited, offset))
