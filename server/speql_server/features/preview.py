"""``speql.preview``: move the preview to the SELECT at a place, wherever the cursor is in the editor."""

from typing import TYPE_CHECKING, Any

import msgspec
from pygls.exceptions import JsonRpcInvalidParams

from speql_server.lsp.from_lsp import BadArgumentsError, offset_of, preview_arguments
from speql_server.protocol import PreviewResult

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer

COMMAND = "speql.preview"


def register(server: "SpeqlServer") -> None:
    """Register the command."""

    @server.command(COMMAND)
    async def preview(arguments: list[Any]) -> Any:
        try:
            uri, position = preview_arguments(arguments)
        except BadArgumentsError as error:
            raise JsonRpcInvalidParams(str(error)) from error
        edited = server.documents.get(uri)
        if edited is None:
            return msgspec.to_builtins(PreviewResult(moved=False, reason=f"{uri} is not open."))
        offset = offset_of(edited.snapshot, position, server.encoding)
        if offset is None:
            return msgspec.to_builtins(PreviewResult(moved=False, reason="There is no SQL at this place."))
        # Also where the cursor is there already: the panel may show something else, the rows of a submit.
        server.changed(server.documents.move_cursor(uri, offset, server.clock.now()) or edited)
        return msgspec.to_builtins(PreviewResult(moved=True))
