"""Tables, CTEs, schemas: what FROM and JOIN can name."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from speql_speculator.completing.name_index import NameIndex
from speql_speculator.completing.names_in_scope import NamesInScope
from speql_speculator.completing.proposal import Proposal
from speql_speculator.completing.quoting import quoted
from speql_speculator.completing.tiers import Tier
from speql_sql import Catalog, Table

MOST_TABLES = 400
"""So many tables are looked at for one list, whatever the catalog has."""


def source_proposals(
    names: NamesInScope, index: NameIndex, wanted: str, likely: Mapping[str, float], *, always: bool = False
) -> Iterator[Proposal]:
    """CTEs, then tables that begin with ``wanted`` or have a word that does, and schemas.

    Tables of schemas that are not searched come with their schema. ``likely`` are folded names of tables with how
    likely earlier statements make them: they are there, however many others there are.
    """
    dialect = index.catalog.dialect
    for cte in names.ctes:
        text = quoted(cte.name, dialect, always=always)
        described = ", ".join(column.name for column in cte.columns[:5])
        yield Proposal(cte.name, "cte", text, Tier.CTE, "", described, name=cte.name.lower(), subject=cte)
    seen: set[int] = set()
    for table in _tables(index, wanted, likely):
        if id(table) not in seen:
            seen.add(id(table))
            yield _table(table, index, always=always)
            if len(seen) >= MOST_TABLES:
                break
    for schema in index.schemas.values():
        if not _is_searched(schema, index.catalog):
            yield _schema(schema, index)


def tables_of(qualifier: Sequence[str], index: NameIndex, wanted: str, *, always: bool = False) -> Iterator[Proposal]:
    """What can stand behind ``schema.``, ``database.schema.`` and ``database.``."""
    dialect = index.catalog.dialect
    found = list(islice(index.beginning(wanted, qualifier), MOST_TABLES))
    if len(found) < MOST_TABLES:
        found += _within(index.of_schema(qualifier), wanted)
    if len(qualifier) == 1:
        # A database's name alone means its main schema, too.
        found += islice(index.beginning(wanted, (*qualifier, "main")), MOST_TABLES)
    for table in {id(table): table for table in found}.values():
        yield _plain_table(table, dialect, Tier.TABLE, always=always)
    if len(qualifier) == 1:
        folded = qualifier[0].lower()
        for (database, _), table in index.schemas.items():
            if database == folded:
                text = quoted(table.schema, dialect, always=always)
                yield Proposal(table.schema, "schema", text, Tier.SCHEMA, "", f"schema of {table.database}")


def all_are_proposed(index: NameIndex, wanted: str) -> bool:
    """Whether no table that a longer word may mean is left out of `source_proposals`."""
    if index.in_few():
        return len(index.in_few()) <= MOST_TABLES
    count = 0
    for found in (index.beginning(wanted), index.with_word(wanted)):
        for _ in found:
            count += 1
            if count >= MOST_TABLES:
                return False
    return bool(wanted)


def _tables(index: NameIndex, wanted: str, likely: Mapping[str, float]) -> Iterator[Table]:
    for name in sorted(likely, key=lambda name: -likely[name]):
        table = index.catalog.find(name)
        if table is not None:
            yield table
    yield from index.beginning(wanted)
    if wanted:
        yield from index.with_word(wanted)
        yield from _within(index.in_few(), wanted)


def _within(tables: Sequence[Table], wanted: str) -> Sequence[Table]:
    """The tables that may be what is wanted: all of a few, of more those that have it in their names."""
    return tables if len(tables) <= MOST_TABLES else [table for table in tables if wanted in table.name.lower()]


def _table(table: Table, index: NameIndex, *, always: bool) -> Proposal:
    """A table, with its schema before it where its name alone does not mean it."""
    if index.on_path(table):
        return _plain_table(table, index.catalog.dialect, Tier.TABLE, always=always)
    dialect = index.catalog.dialect
    parts = [quoted(table.schema, dialect), quoted(table.name, dialect, always=always)]
    label = f"{table.schema}.{table.name}"
    if _is_of_another_database(table, index):
        parts.insert(0, quoted(table.database, dialect))
        label = f"{table.database}.{label}"
    rows = _rows(table)
    return Proposal(
        label,
        table.kind,
        ".".join(parts),
        Tier.ELSEWHERE,
        "",
        rows,
        table.name,
        name=table.name.lower(),
        subject=table,
    )


def _plain_table(table: Table, dialect: str, tier: int, *, always: bool) -> Proposal:
    described = " · ".join(filter(None, (table.schema, _rows(table))))
    text = quoted(table.name, dialect, always=always)
    return Proposal(table.name, table.kind, text, tier, "", described, name=table.name.lower(), subject=table)


def _rows(table: Table) -> str:
    return f"{table.row_count:,} rows" if table.row_count is not None else ""


def _is_searched(table: Table, catalog: Catalog) -> bool:
    """Whether names without a schema are looked for in a table's schema."""
    return any(
        schema.lower() == table.schema.lower() and database.lower() == table.database.lower()
        for database, schema in catalog.path
    )


def _is_of_another_database(table: Table, index: NameIndex) -> bool:
    """Whether its schema's name alone does not lead to a table."""
    databases = {database.lower() for database, _ in index.catalog.path}
    return table.database.lower() not in databases or index.catalog.find(table.name, table.schema) is not table


def _schema(table: Table, index: NameIndex) -> Proposal:
    """The schema of a table, with its database where the schema's name alone means another one."""
    dialect = index.catalog.dialect
    text, label = quoted(table.schema, dialect), table.schema
    if _is_of_another_database(table, index):
        text, label = f"{quoted(table.database, dialect)}.{text}", f"{table.database}.{table.schema}"
    return Proposal(label, "schema", text, Tier.SCHEMA, "", "schema", table.schema)
