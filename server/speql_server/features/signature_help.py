"""``textDocument/signatureHelp``: how the function is called that the cursor is in a call of."""

from typing import TYPE_CHECKING

from lsprotocol import types

from speql_server.text_requests import read_place

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer
    from speql_server.parts import Part
    from speql_speculator.navigating.calls import CallAt
    from speql_sql import Catalog


def register(server: "SpeqlServer") -> None:
    """Register the handler."""

    @server.feature(
        types.TEXT_DOCUMENT_SIGNATURE_HELP,
        types.SignatureHelpOptions(trigger_characters=["(", ","], retrigger_characters=[")"]),
    )
    async def signature_help(params: types.SignatureHelpParams) -> types.SignatureHelp | None:
        def read(part: "Part", offset: int, catalog: "Catalog") -> "CallAt | None":
            from speql_speculator.navigating.calls import call_at

            return call_at(part.text, offset, catalog.dialect)

        call = await read_place(server, params, read)
        found = await server.session(params.text_document.uri) if call is not None else None
        if call is None or found is None:
            return None
        signatures = await found[0].signatures(call.name)
        from speql_server.lsp.to_lsp_text import signature_help

        return signature_help(signatures, call) if signatures else None
