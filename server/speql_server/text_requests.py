"""Requests about the text of a document: from a place in it to an answer about exactly this text."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from pygls.exceptions import JsonRpcContentModified

from speql_server.lsp.from_lsp import offset_of

if TYPE_CHECKING:
    from lsprotocol import types

    from speql_server.app import SpeqlServer
    from speql_server.parts import Part
    from speql_speculator.snapshot import Snapshot
    from speql_sql import Catalog

T = TypeVar("T")


async def read_snapshot(
    server: "SpeqlServer", uri: str, reader: "Callable[[Snapshot, Catalog], T]", others: "Sequence[Snapshot]" = ()
) -> T | None:
    """What ``reader`` makes of an open document, in a thread of our own; None if there is no SQL, or no document.

    Text that has changed meanwhile has other places: the client is told so, as the protocol asks, and asks again. So
    it is with ``others``, if the answer is about them, too.
    """
    if server.documents.holds_no_sql(uri):
        return None  # most Python documents: they get no session either
    found = await server.session(uri)
    if found is None:
        return None
    session, edited = found
    if len(edited.snapshot.text) > server.workspaces.of(uri).document_limit:
        return None  # what the user is told of in a diagnostic
    answer = await session.read(edited, reader)
    newest = server.documents.get(uri)
    same = newest is not None and newest.host.text == edited.host.text
    if not same or any(not server.documents.is_newest(one) for one in others):
        raise JsonRpcContentModified("The text has changed since it was asked about.")
    return answer


async def read_parts(server: "SpeqlServer", uri: str, reader: "Callable[[Sequence[Part], Catalog], T]") -> T | None:
    """As :func:`read_snapshot`, with the texts that the document is read as."""

    def of_parts(snapshot: "Snapshot", catalog: "Catalog") -> T:
        from speql_server.parts import parts_of

        return reader(parts_of(snapshot), catalog)

    return await read_snapshot(server, uri, of_parts)


async def read_place(
    server: "SpeqlServer",
    params: "types.TextDocumentPositionParams | Any",
    reader: "Callable[[Part, int, Catalog], T]",
    others: "Sequence[Snapshot]" = (),
) -> T | None:
    """As :func:`read_snapshot`, for a request that has a position.

    ``reader`` gets the text that is there, and the offset in it. None where the document holds something else than SQL.
    """
    encoding, position = server.encoding, params.position

    def at_offset(snapshot: "Snapshot", catalog: "Catalog") -> T | None:
        from speql_server.parts import part_at

        offset = offset_of(snapshot, position, encoding)
        if offset is None:
            return None
        part = part_at(snapshot, offset)
        return reader(part, offset - part.start, catalog)

    return await read_snapshot(server, params.text_document.uri, at_offset, others)
