"""``speql.pause``: stop speculating, or go on."""

from typing import TYPE_CHECKING, Any

import msgspec
from pygls.exceptions import JsonRpcInvalidParams

from speql_server.protocol import Paused

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer

COMMAND = "speql.pause"


def register(server: "SpeqlServer") -> None:
    """Register the command."""

    @server.command(COMMAND)
    async def pause(arguments: list[Any]) -> Any:
        wanted = arguments[0] if arguments else None
        if wanted is not None and not isinstance(wanted, bool):
            raise JsonRpcInvalidParams("speql.pause takes true, false, or nothing to change what is.")
        server.pause(not server.paused if wanted is None else wanted)
        return msgspec.to_builtins(Paused(paused=server.paused))
