"""``notebookDocument/didChange``: cells come, go and move, their kinds and their texts change."""

import logging
from typing import TYPE_CHECKING

from lsprotocol import types

from speql_server.lsp.from_lsp import cell_language_of, cell_of, changed, snapshot_of

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer

logger = logging.getLogger(__name__)


def register(server: "SpeqlServer") -> None:
    """Register the handler."""

    @server.feature(types.NOTEBOOK_DOCUMENT_DID_CHANGE)
    async def did_change(params: types.DidChangeNotebookDocumentParams) -> None:
        uri, cells = params.notebook_document.uri, params.change.cells
        if not server.notebooks.is_open(uri):
            logger.warning("A change came for a notebook that is not open; it was ignored")
            return
        if cells is None:
            return
        # All that is state is changed before anything is waited for: the next message may be handled meanwhile.
        now = server.clock.now()
        closed: list[str] = []
        opened: list[str] = []
        if cells.structure is not None:
            array = cells.structure.array
            server.notebooks.splice(uri, array.start, array.delete_count, [cell_of(cell) for cell in array.cells or ()])
            for document in cells.structure.did_open or ():
                server.documents.put(snapshot_of(document), now, cell_language_of(document))
                opened.append(document.uri)
            closed = [document.uri for document in cells.structure.did_close or () if document.uri not in opened]
        if cells.data is not None:
            server.notebooks.update(uri, [cell_of(cell) for cell in cells.data])
        for content in cells.text_content or ():
            edited = server.documents.get(content.document.uri)
            if edited is None:
                logger.warning("An edit came for a cell that is not open; it was ignored")
                continue
            snapshot = changed(edited.host, content.document.version, content.changes, server.encoding)
            server.documents.put(snapshot, now)
            opened.append(snapshot.uri)
        for cell in opened:
            if (edited := server.documents.get(cell)) is not None:
                server.changed(edited)
        if cells.structure is not None or cells.data is not None:
            server.look_again(server.notebooks.cells(uri))
        for cell in closed:
            await server.closed(cell)
