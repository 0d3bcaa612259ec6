"""``textDocument/foldingRange``: statements, queries in parentheses, CASE and comments."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lsprotocol import types

from speql_server.text_requests import read_parts

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer
    from speql_server.parts import Part
    from speql_sql import Catalog


def register(server: "SpeqlServer") -> None:
    """Register the handler."""

    @server.feature(types.TEXT_DOCUMENT_FOLDING_RANGE)
    async def folding_range(params: types.FoldingRangeParams) -> list[types.FoldingRange] | None:
        def read(parts: "Sequence[Part]", catalog: "Catalog") -> list[types.FoldingRange]:
            from speql_server.lsp import to_lsp_text
            from speql_speculator.navigating.folds import folds

            return to_lsp_text.folding_ranges([(part, folds(part.text, catalog)) for part in parts])

        return await read_parts(server, params.text_document.uri, read)
