"""``textDocument/didClose``: stop the document's work."""

from typing import TYPE_CHECKING

from lsprotocol import types

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer


def register(server: "SpeqlServer") -> None:
    """Register the handler."""

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    async def did_close(params: types.DidCloseTextDocumentParams) -> None:
        await server.closed(params.text_document.uri)
