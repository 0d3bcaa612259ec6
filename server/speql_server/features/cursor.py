"""``speql/cursor``, our own: the cursor moved without an edit."""

import logging
from typing import TYPE_CHECKING, Any

from speql_server.lsp.from_lsp import BadArgumentsError, cursor_of, nearest_offset_of
from speql_server.protocol import CURSOR

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer

logger = logging.getLogger(__name__)


def register(server: "SpeqlServer") -> None:
    """Register the handler."""

    @server.feature(CURSOR)
    def cursor(params: Any) -> None:
        try:
            moved = cursor_of(params)
        except BadArgumentsError:
            # Not the error's words: they may hold anything.
            logger.warning("The parameters of %s do not fit; it was ignored", CURSOR)
            return
        edited = server.documents.get(moved.uri)
        if edited is None:
            return
        offset = nearest_offset_of(edited.snapshot, moved.position, server.encoding)
        changed = server.documents.move_cursor(moved.uri, offset, server.clock.now())
        if changed is not None:
            server.changed(changed)
