"""``speql.chart``: a result drawn, as a Vega-Lite specification."""

from typing import TYPE_CHECKING, Any

from speql_server.protocol import ChartParams
from speql_server.result_commands import answered, converted

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer

COMMAND = "speql.chart"


def register(server: "SpeqlServer") -> None:
    """Register the command."""

    @server.command(COMMAND)
    async def chart(arguments: list[Any]) -> Any:
        asked = converted(arguments[0] if arguments else None, ChartParams, COMMAND)
        return await answered(server, asked.uri, lambda requests: requests.chart(asked))
