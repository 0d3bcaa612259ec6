"""``speql.sample``: show an estimate of the preview now, for who would rather have that than wait."""

from typing import TYPE_CHECKING, Any

import msgspec
from pygls.exceptions import JsonRpcInvalidParams

from speql_server.protocol import Sampled, SampleParams
from speql_server.result_commands import converted

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer

COMMAND = "speql.sample"


def register(server: "SpeqlServer") -> None:
    """Register the command."""

    @server.command(COMMAND)
    async def sample(arguments: list[Any]) -> Any:
        asked = converted(arguments[0] if arguments else None, SampleParams, COMMAND)
        found = await server.session(asked.uri)
        if found is None:
            raise JsonRpcInvalidParams(f"{asked.uri} is not open. Open it in the editor first.")
        reason = await found[0].sample()
        return msgspec.to_builtins(Sampled(shown=not reason, reason=reason))
