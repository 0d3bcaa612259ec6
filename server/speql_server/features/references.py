"""``textDocument/references``: all places of a name in its statement; of a table that statements make, in all."""

from typing import TYPE_CHECKING

from lsprotocol import types

from speql_server.text_requests import read_place

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer
    from speql_server.parts import Part
    from speql_sql import Catalog


def register(server: "SpeqlServer") -> None:
    """Register the handler."""

    @server.feature(types.TEXT_DOCUMENT_REFERENCES)
    async def references(params: types.ReferenceParams) -> list[types.Location] | None:
        texts, number = server.run_together(params.text_document.uri)

        def read(part: "Part", offset: int, catalog: "Catalog") -> list[types.Location]:
            from speql_server.lsp import to_lsp_text
            from speql_speculator.navigating import made_tables, places

            with_declaration = params.context.include_declaration
            everywhere = made_tables.made_table(texts, number, part.start + offset, catalog)
            if everywhere:
                wanted = [place for place in everywhere if with_declaration or not place.made]
                return to_lsp_text.table_locations(wanted, texts, server.encoding)
            found = [
                place
                for place in places.places(part.text, offset, catalog)
                if with_declaration or place.role == "reference"
            ]
            return to_lsp_text.locations(found, part, server.encoding)

        return await read_place(server, params, read, texts)
