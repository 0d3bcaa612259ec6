"""``textDocument/didOpen``: a document, or the same one again (JupyterLab sends it twice)."""

from typing import TYPE_CHECKING

from lsprotocol import types

from speql_server.lsp.from_lsp import language_of, snapshot_of

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer


def register(server: "SpeqlServer") -> None:
    """Register the handler."""

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def did_open(params: types.DidOpenTextDocumentParams) -> None:
        document = params.text_document
        server.configuration.opened(document.uri)
        server.changed(server.documents.put(snapshot_of(document), server.clock.now(), language_of(document)))
