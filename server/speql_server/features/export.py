"""``speql.export``: a whole result to a file."""

from typing import TYPE_CHECKING, Any

from speql_server.protocol import ExportParams
from speql_server.result_commands import answered, converted

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer

COMMAND = "speql.export"


def register(server: "SpeqlServer") -> None:
    """Register the command."""

    @server.command(COMMAND)
    async def export(arguments: list[Any]) -> Any:
        asked = converted(arguments[0] if arguments else None, ExportParams, COMMAND)
        return await answered(server, asked.uri, lambda requests: requests.export(asked))
