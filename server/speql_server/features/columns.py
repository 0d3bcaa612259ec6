"""``speql.columns``: the columns that the SELECT at the cursor will have, before there is any row of it."""

from typing import TYPE_CHECKING, Any

import msgspec
from pygls.exceptions import JsonRpcInvalidParams

from speql_server.protocol import Column, Columns, ColumnsParams
from speql_server.result_commands import converted, refused

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer

COMMAND = "speql.columns"


def register(server: "SpeqlServer") -> None:
    """Register the command."""

    @server.command(COMMAND)
    async def columns(arguments: list[Any]) -> Any:
        asked = converted(arguments[0] if arguments else None, ColumnsParams, COMMAND)
        found = await server.session(asked.uri)
        if found is None:
            raise JsonRpcInvalidParams(f"{asked.uri} is not open. Open it in the editor first.")
        session, edited = found
        with refused():
            known = await session.columns(edited)
        return msgspec.to_builtins(Columns(columns=[Column(name=one.name, type=one.type) for one in known]))
