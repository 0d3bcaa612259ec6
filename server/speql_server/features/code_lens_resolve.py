"""``codeLens/resolve``: how many rows a query has, where that is known, else the engine's estimate."""

from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.exceptions import JsonRpcContentModified

from speql_server.lsp.from_lsp import lens_data
from speql_server.text_requests import read_snapshot

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer
    from speql_speculator.navigating.lenses import Lens
    from speql_speculator.snapshot import Snapshot
    from speql_sql import Catalog


def register(server: "SpeqlServer") -> None:
    """Register the handler."""

    @server.feature(types.CODE_LENS_RESOLVE)
    async def code_lens_resolve(lens: types.CodeLens) -> types.CodeLens:
        data = lens_data(lens.data)
        if data is None:
            return lens  # one with a command, which says all

        def read(snapshot: "Snapshot", catalog: "Catalog") -> "tuple[Snapshot, Lens | None, str]":
            from speql_server.lsp.to_lsp_lenses import lens_at

            return snapshot, lens_at(snapshot, data.offset, data.kind, catalog), catalog.version

        found = await read_snapshot(server, data.uri, read)
        session = next(iter(server.sessions(data.uri)), None)
        if found is None or session is None or found[0].version != data.version:
            raise JsonRpcContentModified("The text has changed since it was asked about.")
        from speql_server.lsp.to_lsp_hints import estimate_title, rows_title

        snapshot, part, version = found
        title = "no estimate"
        if part is not None and (rows := session.learnt.rows(part.defined, version)) is not None:
            title = rows_title(rows)
        elif part is not None and (estimate := await session.learnt.estimate(part.sql, version)) is not None:
            title = estimate_title(estimate)
        if not server.documents.is_newest(snapshot):
            raise JsonRpcContentModified("The text has changed since it was asked about.")
        # A command without a name is text that nobody can click.
        return types.CodeLens(lens.range, types.Command(title=title, command=""), lens.data)
