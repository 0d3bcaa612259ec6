"""``speql/cursor``, our own: the cursor moved without an edit."""

from typing import TYPE_CHECKING, Any

from speql_server.lsp.from_lsp import cursor_of, nearest_offset_of
from speql_server.protocol import CURSOR

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer


def register(server: "SpeqlServer") -> None:
    """Register the handler."""

    @server.feature(CURSOR)
    def cursor(params: Any) -> None:
        moved = cursor_of(params)
        edited = server.documents.get(moved.uri)
        if edited is None:
            return
        offset = nearest_offset_of(edited.snapshot, moved.position, server.encoding)
        changed = server.documents.move_cursor(moved.uri, offset, server.clock.now())
        if changed is not None:
            server.changed(changed)
