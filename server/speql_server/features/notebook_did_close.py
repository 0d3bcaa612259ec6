"""``notebookDocument/didClose``: stop the work of all its cells."""

from typing import TYPE_CHECKING

from lsprotocol import types

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer


def register(server: "SpeqlServer") -> None:
    """Register the handler."""

    @server.feature(types.NOTEBOOK_DOCUMENT_DID_CLOSE)
    async def did_close(params: types.DidCloseNotebookDocumentParams) -> None:
        cells = [cell.uri for cell in server.notebooks.remove(params.notebook_document.uri)]
        for uri in dict.fromkeys([*cells, *(document.uri for document in params.cell_text_documents)]):
            await server.closed(uri)
