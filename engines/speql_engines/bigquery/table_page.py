"""Queries for the first rows of a table, which BigQuery gives for nothing, past its query engine."""

from collections.abc import Sequence
from dataclasses import dataclass

from google.cloud.bigquery import SchemaField, Table, TableReference
from sqlglot import exp

from speql_sql import Catalog
from speql_sql.parse import parse_query

_PARTS = frozenset({"expressions", "from_", "limit", "kind"})
"""What such a query has; anything else makes another one of it."""


@dataclass(frozen=True, slots=True)
class TablePage:
    """Some rows of a table: ``columns`` are the names in the table and in the result, none of them for all."""

    table: TableReference
    columns: tuple[tuple[str, str], ...]
    limit: int | None

    def fields(self, table: Table) -> list[SchemaField] | None:
        """The columns of the result in their order, as the table has them; None if the table has to be queried.

        So it is if it has one of them no more, is no table, is told to be read with a condition only, or has rows that
        have been streamed into it and are not all in the list.
        """
        if table.table_type != "TABLE" or table.require_partition_filter or table.streaming_buffer is not None:
            return None
        if not self.columns:
            return list(table.schema)
        known = {field.name.lower(): field for field in table.schema}
        found = [known.get(name.lower()) for name, _ in self.columns]
        return [field for field in found if field is not None] if None not in found else None

    def names(self, fields: Sequence[SchemaField]) -> list[str]:
        """What the columns are called in the result."""
        return [name for _, name in self.columns] or [field.name for field in fields]


def table_page(sql: str, catalog: Catalog) -> TablePage | None:
    """What a query asks for that is ``SELECT * FROM t LIMIT 10``, or names columns in place of the star; else None.

    Without ORDER BY any rows are right, so the first that the table has are an answer. The table is one of which the
    catalog knows that it is no view and may be read ahead.
    """
    query = parse_query(sql, catalog.dialect).query
    if not isinstance(query, exp.Select) or any(value and key not in _PARTS for key, value in query.args.items()):
        return None
    source, limit = query.args.get("from_"), query.args.get("limit")
    table = source.this if source is not None else None
    if not isinstance(table, exp.Table) or query.args.get("kind") or not _is_plain(table):
        return None
    base = catalog.find(table.name, table.db, table.catalog)
    if base is None or base.kind != "table" or base.unsafe or not base.database or not catalog.certain:
        return None
    if base.name != table.name or table.db not in ("", base.schema):
        return None  # BigQuery tells upper from lower case
    most = _number(limit)
    columns = _columns(query.expressions, table.alias_or_name)
    if columns is None or (limit is not None and most is None):
        return None
    return TablePage(TableReference.from_string(f"{base.database}.{base.schema}.{base.name}"), columns, most)


def _is_plain(table: exp.Table) -> bool:
    named = {"this", "db", "catalog", "alias"}
    simple = all(not value or key in named for key, value in table.args.items())
    return simple and all(isinstance(part, exp.Identifier) for part in table.parts)


def _columns(items: Sequence[exp.Expr], name: str) -> tuple[tuple[str, str], ...] | None:
    """The columns that are listed; nothing for a star; None if something else is."""
    if len(items) == 1 and isinstance(items[0], exp.Star) and not any(items[0].args.values()):
        return ()
    found: list[tuple[str, str]] = []
    for item in items:
        column = item.this if isinstance(item, exp.Alias) else item
        if not isinstance(column, exp.Column) or not isinstance(column.this, exp.Identifier):
            return None
        if column.args.get("db") or column.table not in ("", name) or column.name.startswith("_"):
            return None  # a field of a STRUCT, or a column that tells of the partition or the file
        if column.name.lower() == name.lower():
            return None  # it may be the whole row
        found.append((column.name, item.alias_or_name))
    names = [alias.lower() for _, alias in found]
    return tuple(found) if found and len(set(names)) == len(names) else None


def _number(limit: exp.Expr | None) -> int | None:
    value = limit.expression if isinstance(limit, exp.Limit) else None
    return int(value.name) if isinstance(value, exp.Literal) and value.is_int else None
