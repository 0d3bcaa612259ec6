"""``speql.profile``: statistics of the columns of a result."""

from typing import TYPE_CHECKING, Any

from speql_server.protocol import ProfileParams
from speql_server.result_commands import answered, converted

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer

COMMAND = "speql.profile"


def register(server: "SpeqlServer") -> None:
    """Register the command."""

    @server.command(COMMAND)
    async def profile(arguments: list[Any]) -> Any:
        asked = converted(arguments[0] if arguments else None, ProfileParams, COMMAND)
        return await answered(server, asked.uri, lambda requests: requests.profile(asked))
