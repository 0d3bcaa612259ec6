"""A catalog as somebody reads it: the tables that were asked for, with their names as they have to be written."""

from collections.abc import Iterator

from speql_server.protocol import Schema, SchemaColumn, SchemaTable
from speql_speculator.completing.quoting import quoted
from speql_sql import Catalog, Table

MOST_TABLES = 200
"""So many tables are told at once; of more, the user says what they are looking for."""


def schema_view(catalog: Catalog, containing: str = "", most: int = MOST_TABLES) -> Schema:
    """The tables in whose name, or in a column's, a text is, letter case ignored; all tables for an empty text.

    Those whose own name has it come first. A large catalog is looked through by the names of its tables alone.
    """
    wanted = containing.strip().lower()
    by_name, by_column = [], []
    for table in catalog.tables:
        if wanted in table.name.lower():
            by_name.append(table)
        elif not catalog.large and any(wanted in column for column in table.folded_columns()):
            by_column.append(table)
    found = [*sorted(by_name, key=_place), *sorted(by_column, key=_place)]
    shown = [_shown(table, catalog) for table in found[:most]]
    return Schema(tables=shown, more=max(0, len(found) - most), partial=catalog.partial)


def _place(table: Table) -> tuple[str, str, str]:
    return table.database.lower(), table.schema.lower(), table.name.lower()


def _shown(table: Table, catalog: Catalog) -> SchemaTable:
    dialect = catalog.dialect
    return SchemaTable(
        name=table.name,
        schema=table.schema,
        database=table.database,
        kind=table.kind,
        sql=".".join(quoted(part, dialect) for part in _spelling(table, catalog)),
        rows=table.row_count,
        columns=[
            SchemaColumn(
                name=column.name,
                type=column.type,
                sql=quoted(column.name, dialect),
                primary_key=column.name in table.primary_key,
            )
            for column in table.columns
        ],
    )


def _spelling(table: Table, catalog: Catalog) -> tuple[str, ...]:
    """The shortest name that means this table here."""
    return next(
        (parts for parts in _spellings(table) if catalog.find(*reversed(parts)) is table),
        tuple(part for part in (table.database, table.schema, table.name) if part),
    )


def _spellings(table: Table) -> Iterator[tuple[str, ...]]:
    yield (table.name,)
    yield table.schema, table.name
    yield table.database, table.schema, table.name
