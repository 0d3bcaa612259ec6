"""``textDocument/didOpen``: a document, or the same one again (JupyterLab sends it twice)."""

from typing import TYPE_CHECKING

from lsprotocol import types

from speql_server.from_lsp import snapshot_of

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer


def register(server: "SpeqlServer") -> None:
    """Register the handler."""

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def did_open(params: types.DidOpenTextDocumentParams) -> None:
        server.changed(server.documents.put(snapshot_of(params.text_document), server.clock.now()))
