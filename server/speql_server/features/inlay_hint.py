"""``textDocument/inlayHint``: types of the columns of CTEs and derived tables, rows of tables and CTEs."""

from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.exceptions import JsonRpcContentModified

from speql_server.lsp.from_lsp import nearest_offset_of
from speql_server.text_requests import read_snapshot

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer
    from speql_server.shown_hints import ShownHint
    from speql_speculator.snapshot import Snapshot
    from speql_sql import Catalog


def register(server: "SpeqlServer") -> None:
    """Register the handler."""

    @server.feature(types.TEXT_DOCUMENT_INLAY_HINT)
    async def inlay_hint(params: types.InlayHintParams) -> list[types.InlayHint] | None:
        uri, asked = params.text_document.uri, params.range
        await server.ready()
        setting = server.workspaces.of(uri).inlay_hints
        if setting == "off":
            return None

        def read(snapshot: "Snapshot", catalog: "Catalog") -> "tuple[Snapshot, list[ShownHint], str]":
            from speql_server.parts import parts_of
            from speql_server.shown_hints import shown_hints
            from speql_sql import Span

            start, end = (nearest_offset_of(snapshot, place, server.encoding) for place in (asked.start, asked.end))
            shown = shown_hints(parts_of(snapshot), catalog, Span(start, end), server.encoding)
            return snapshot, shown, catalog.version

        found = await read_snapshot(server, uri, read)
        session = next(iter(server.sessions(uri)), None)
        if found is None or session is None:
            return None
        from speql_server.lsp.to_lsp_hints import inlay_hints, queries_of

        snapshot, shown, version = found
        if setting != "rows" and (unknown := session.learnt.unknown(queries_of(shown), version)):
            if server.abilities.refreshes_hints:
                session.learnt.learn(unknown, version)
            else:
                # Who cannot be told of them later gets them when they are there.
                await session.learnt.learn_now(unknown, version)
                if not server.documents.is_newest(snapshot):
                    raise JsonRpcContentModified("The text has changed since it was asked about.")
        return inlay_hints(shown, session.learnt, version, setting, asked)
