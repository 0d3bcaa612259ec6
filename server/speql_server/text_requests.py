"""Requests about the text of a document: from a place in it to an answer about exactly this text."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from pygls.exceptions import JsonRpcContentModified

from speql_server.positions import line_index

if TYPE_CHECKING:
    from lsprotocol import types

    from speql_server.app import SpeqlServer
    from speql_sql import Catalog

T = TypeVar("T")


async def read_text(server: "SpeqlServer", uri: str, reader: "Callable[[str, Catalog], T]") -> T | None:
    """What ``reader`` makes of an open document of plain SQL, in a thread of our own; None if it is none.

    Text that has changed meanwhile has other places: the client is told so, as the protocol asks, and asks again.
    """
    found = await server.session(uri)
    if found is None:
        return None
    session, edited = found
    if edited.snapshot.projection is not None:
        return None  # SQL inside another language: its places are not those of the document
    if len(edited.snapshot.text) > server.settings.document_limit:
        return None  # what the user is told of in a diagnostic
    answer = await session.read(edited, reader)
    newest = server.documents.get(uri)
    if newest is None or newest.snapshot.text != edited.snapshot.text:
        raise JsonRpcContentModified("The text has changed since it was asked about.")
    return answer


async def read_place(
    server: "SpeqlServer",
    params: "types.TextDocumentPositionParams | Any",
    reader: "Callable[[str, int, Catalog], T]",
) -> T | None:
    """As :func:`read_text`, for a request that has a position; ``reader`` gets its code-point offset."""
    encoding, position = server.encoding, params.position

    def at_offset(text: str, catalog: "Catalog") -> T:
        return reader(text, line_index(text).offset(position.line, position.character, encoding), catalog)

    return await read_text(server, params.text_document.uri, at_offset)
