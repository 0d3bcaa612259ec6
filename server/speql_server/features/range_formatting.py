"""``textDocument/rangeFormatting``: the statements that touch what is selected, laid out."""

from typing import TYPE_CHECKING

from lsprotocol import types

from speql_server.text_formatting import format_text

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer


def register(server: "SpeqlServer") -> None:
    """Register the handler."""

    @server.feature(types.TEXT_DOCUMENT_RANGE_FORMATTING)
    async def range_formatting(params: types.DocumentRangeFormattingParams) -> list[types.TextEdit] | None:
        return await format_text(server, params.text_document.uri, params.options, params.range)
