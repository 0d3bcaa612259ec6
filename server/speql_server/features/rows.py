"""``speql/rows``, our own: a page of a result that a preview has named."""

from typing import TYPE_CHECKING, Any

from speql_server.protocol import ROWS, RowsParams
from speql_server.result_commands import answered, converted

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer


def register(server: "SpeqlServer") -> None:
    """Register the handler."""

    @server.feature(ROWS)
    async def rows(params: Any) -> Any:
        asked = converted(params, RowsParams, ROWS)
        return await answered(server, asked.uri, lambda requests: requests.rows(asked))
