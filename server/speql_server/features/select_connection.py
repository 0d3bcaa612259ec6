"""``speql.selectConnection``: which connections a document may have, and the choice of one."""

from typing import TYPE_CHECKING, Any

import msgspec
from pygls.exceptions import JsonRpcInvalidParams

from speql_server.lsp.from_lsp import BadArgumentsError, select_connection_arguments
from speql_server.protocol import KnownConnection, SelectConnectionResult
from speql_sql.database_names import without_password

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer

COMMAND = "speql.selectConnection"


def register(server: "SpeqlServer") -> None:
    """Register the command."""

    @server.command(COMMAND)
    async def select_connection(arguments: list[Any]) -> Any:
        try:
            uri, name = select_connection_arguments(arguments)
        except BadArgumentsError as error:
            raise JsonRpcInvalidParams(str(error)) from error
        if server.documents.get(uri) is None:
            raise JsonRpcInvalidParams(f"{uri} is not open. Open it in the editor first.")
        await server.ready()  # files that name connections have been read then
        reason = "" if name is None else _select(server, uri, name)
        return msgspec.to_builtins(_answer(server, uri, reason))


def _select(server: "SpeqlServer", uri: str, name: str) -> str:
    """Select a connection for a document; why not, if it was not done."""
    edited = server.documents.get(uri)
    if edited is not None and server.document_connections.comment(edited) is not None:
        return "A comment in the head of the document names its connection. Change that comment."
    named = next((one for one in server.workspaces.of(uri).connections if one.name == name), None)
    if name and named is None:
        return f"There is no connection {name}."
    if named is not None and named.unavailable:
        return named.unavailable
    server.workspaces.select(uri, name)
    if server.connections.leave_failed(name):  # who chooses one again that has failed wants it to be tried again
        server.settings_changed()
    if edited is not None:
        server.changed(edited)
        server.send_status()
    return ""


def _answer(server: "SpeqlServer", uri: str, reason: str) -> SelectConnectionResult:
    settings = server.workspaces.of(uri)
    opened = {entry.profile.name for entry in server.connections if entry.opened is not None}
    known = [
        KnownConnection(
            name="", database=without_password(settings.database or ""), writable=settings.writable, open="" in opened
        )
    ]
    known += [
        KnownConnection(
            name=one.name,
            database=without_password(one.database or ""),
            writable=one.writable,
            open=one.name in opened,
            unavailable=one.unavailable,
        )
        for one in settings.connections
    ]
    return SelectConnectionResult(
        name=server.document_connections.described(uri).name, connections=known, reason=reason
    )
