"""``notebookDocument/didOpen``: a notebook with its cells, or the same one again."""

from typing import TYPE_CHECKING

from lsprotocol import types

from speql_server.lsp.from_lsp import cell_language_of, cell_of, snapshot_of

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer


def register(server: "SpeqlServer") -> None:
    """Register the handler."""

    @server.feature(types.NOTEBOOK_DOCUMENT_DID_OPEN)
    def did_open(params: types.DidOpenNotebookDocumentParams) -> None:
        server.notebooks.put(params.notebook_document.uri, [cell_of(cell) for cell in params.notebook_document.cells])
        now = server.clock.now()
        for document in params.cell_text_documents:
            server.documents.put(snapshot_of(document), now, cell_language_of(document))
        # Only now: what a cell may name, those before it make.
        for document in params.cell_text_documents:
            if (edited := server.documents.get(document.uri)) is not None:
                server.changed(edited)
