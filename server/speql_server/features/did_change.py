"""``textDocument/didChange``: the next snapshot of a document."""

import logging
from typing import TYPE_CHECKING

from lsprotocol import types

from speql_server.lsp.from_lsp import changed

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer

logger = logging.getLogger(__name__)


def register(server: "SpeqlServer") -> None:
    """Register the handler."""

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def did_change(params: types.DidChangeTextDocumentParams) -> None:
        edited = server.documents.get(params.text_document.uri)
        if edited is None:
            logger.warning("An edit came for a document that is not open; it was ignored")
            return
        snapshot = changed(edited.host, params.text_document.version, params.content_changes, server.encoding)
        server.changed(server.documents.put(snapshot, server.clock.now()))
