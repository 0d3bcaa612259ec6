"""``notebookDocument/didSave``: nothing of a notebook is read from its file, so there is nothing to do."""

from typing import TYPE_CHECKING

from lsprotocol import types

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer


def register(server: "SpeqlServer") -> None:
    """Register the handler: without one a client's message would be logged as unknown."""

    @server.feature(types.NOTEBOOK_DOCUMENT_DID_SAVE)
    def did_save(_: types.DidSaveNotebookDocumentParams) -> None:
        return
