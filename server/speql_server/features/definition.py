"""``textDocument/definition``: where a name of the query is given, or the file of a model that a template names."""

from typing import TYPE_CHECKING

from lsprotocol import types

from speql_server.text_requests import read_place

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer
    from speql_server.parts import Part
    from speql_sql import Catalog


def register(server: "SpeqlServer") -> None:
    """Register the handler."""

    @server.feature(types.TEXT_DOCUMENT_DEFINITION)
    async def definition(params: types.DefinitionParams) -> types.Location | None:
        from speql_server.dbt_places import model_at

        texts, number = server.run_together(params.text_document.uri)

        def read(part: "Part", offset: int, catalog: "Catalog") -> types.Location | None:
            from speql_server.lsp import to_lsp_text
            from speql_speculator.navigating import made_tables, places

            found = places.definition(part.text, offset, catalog)
            if found is not None:
                return to_lsp_text.location(found, part, server.encoding)
            # Not of this statement: a table that a statement before it makes, perhaps in an earlier cell.
            everywhere = made_tables.made_table(texts, number, part.start + offset, catalog)
            made = to_lsp_text.table_locations(everywhere[:1], texts, server.encoding)
            return made[0] if made else None

        return await model_at(server, params) or await read_place(server, params, read, texts)
