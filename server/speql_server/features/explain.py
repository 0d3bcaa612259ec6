"""``speql.explain``: what would be computed for the statement at a place, what would be reused, and why not."""

from typing import TYPE_CHECKING, Any

import msgspec
from pygls.exceptions import JsonRpcInvalidParams

from speql_server.from_lsp import BadArgumentsError, offset_of, place_arguments
from speql_server.result_commands import refused

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer

COMMAND = "speql.explain"


def register(server: "SpeqlServer") -> None:
    """Register the command."""

    @server.command(COMMAND)
    async def explain(arguments: list[Any]) -> Any:
        try:
            uri, position = place_arguments(arguments, COMMAND)
        except BadArgumentsError as error:
            raise JsonRpcInvalidParams(str(error)) from error
        found = await server.session(uri)
        if found is None:
            raise JsonRpcInvalidParams(f"{uri} is not open. Open it in the editor first.")
        session, edited = found
        offset = edited.snapshot.cursor
        if position is not None and (offset := offset_of(edited.snapshot, position, server.encoding)) is None:
            raise JsonRpcInvalidParams("There is no SQL at this place of the document.")
        with refused():
            return msgspec.to_builtins(await session.explain(edited, offset))
