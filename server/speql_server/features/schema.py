"""``speql.schema``: the tables of a document's connection, to look at and to insert."""

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec
from pygls.exceptions import JsonRpcInvalidParams

from speql_server.protocol import SchemaParams
from speql_server.result_commands import converted

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer

COMMAND = "speql.schema"


def register(server: "SpeqlServer") -> None:
    """Register the command."""

    @server.command(COMMAND)
    async def schema(arguments: list[Any]) -> Any:
        asked = converted(arguments[0] if arguments else None, SchemaParams, COMMAND)
        connection = await server.connection(asked.uri)
        if connection is None:
            raise JsonRpcInvalidParams(f"{asked.uri} is not open. Open it in the editor first.")
        from speql_server.schema_view import schema_view

        executors, catalog = await server.ready(), await connection.catalog()
        looking = asyncio.get_running_loop().run_in_executor(executors.replies, schema_view, catalog, asked.containing)
        return msgspec.to_builtins(await looking)
