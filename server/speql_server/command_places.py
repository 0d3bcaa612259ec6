"""The document and the place that a command is about."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pygls.exceptions import JsonRpcInvalidParams

from speql_server.lsp.from_lsp import BadArgumentsError, offset_of, place_arguments

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer
    from speql_server.documents import Edited
    from speql_server.session import Session


@dataclass(frozen=True, slots=True)
class CommandPlace:
    """An open document, and the offset in its SQL that was given with the command; None without one."""

    uri: str
    session: "Session"
    edited: "Edited"
    offset: int | None


async def command_place(server: "SpeqlServer", arguments: list[Any], command: str) -> CommandPlace:
    """What the arguments ``[uri, position?]`` name. JsonRpcInvalidParams where that is not open, or no SQL."""
    try:
        uri, position = place_arguments(arguments, command)
    except BadArgumentsError as error:
        raise JsonRpcInvalidParams(str(error)) from error
    found = await server.session(uri)
    if found is None:
        raise JsonRpcInvalidParams(f"{uri} is not open. Open it in the editor first.")
    session, edited = found
    offset = offset_of(edited.snapshot, position, server.encoding) if position is not None else None
    if position is not None and offset is None:
        raise JsonRpcInvalidParams("There is no SQL at this place of the document.")
    return CommandPlace(uri, session, edited, offset)
