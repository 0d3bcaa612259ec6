"""``speql.acceptRepair``: write the repair of the statement at the cursor into the document."""

from typing import TYPE_CHECKING, Any

import msgspec
from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from speql_server.lsp.from_lsp import BadArgumentsError, accept_repair_arguments
from speql_server.protocol import AcceptRepairResult

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer

COMMAND = "speql.acceptRepair"


def register(server: "SpeqlServer") -> None:
    """Register the command."""

    @server.command(COMMAND)
    async def accept_repair(arguments: list[Any]) -> Any:
        try:
            uri, version = accept_repair_arguments(arguments)
        except BadArgumentsError as error:
            raise JsonRpcInvalidParams(str(error)) from error
        return msgspec.to_builtins(await _accept(server, uri, version))


async def _accept(server: "SpeqlServer", uri: str, version: int | None) -> AcceptRepairResult:
    found = await server.session(uri)
    if found is None:
        return AcceptRepairResult(applied=False, reason=f"{uri} is not open.")
    session, edited = found
    if version is not None and version != edited.snapshot.version:
        return AcceptRepairResult(applied=False, reason="The text has changed since that repair was shown.")
    edit = await session.repair_edit(edited)
    if isinstance(edit, str):
        return AcceptRepairResult(applied=False, reason=edit)
    answer = await server.workspace_apply_edit_async(
        types.ApplyWorkspaceEditParams(edit=edit, label="Accept the repair")
    )
    if answer.applied:
        return AcceptRepairResult(applied=True)
    return AcceptRepairResult(applied=False, reason=answer.failure_reason or "The editor did not apply the edit.")
