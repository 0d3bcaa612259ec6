"""A catalog with the tables that statements would make which have not been run."""

import hashlib
from collections.abc import Sequence

import sqlglot
from sqlglot import exp

from speql_sql.catalog import Catalog, Table
from speql_sql.ddl import catalog_of_ddl
from speql_sql.ddl_tables import NotReadError
from speql_sql.ddl_views import output_columns
from speql_sql.parse import PARSE_ERRORS

NOT_RUN_YET = "it is made by an earlier statement that has not been run"
"""Why a table of an overlay is not read ahead: it is not there."""


def overlaid(catalog: Catalog, statements: Sequence[str]) -> Catalog:
    """The catalog as it would be after the statements, in order; never raises on bad SQL.

    A table that the catalog has already stays as it is: what was run is really there. Statements whose tables' columns
    cannot be told are left out. Each table that is added is ``unsafe``, with `NOT_RUN_YET` as the reason.

    >>> from speql_sql.ddl import catalog_of_ddl
    >>> base = catalog_of_ddl("CREATE TABLE t (a INT)").catalog
    >>> overlaid(base, ["CREATE VIEW v AS SELECT a, a + 1 AS b FROM t"]).find("v").columns
    (Column(name='a', type='INTEGER', nullable=True), Column(name='b', type='', nullable=True))
    """
    result, added = catalog, dict[str, Table]()
    for statement in statements:
        try:
            tree = sqlglot.parse_one(statement, read=catalog.dialect)
            if isinstance(tree, exp.Drop):
                for dropped in tree.args.get("tables") or ():
                    added.pop(dropped.name.lower(), None)
            elif isinstance(tree, exp.Create):
                table = _table(tree, result)
                if table is not None and catalog.find(table.name) is None:
                    added[table.name.lower()] = table
        except (NotReadError, *PARSE_ERRORS):
            continue
        result = _with(catalog, added)
    return result


def _with(catalog: Catalog, added: dict[str, Table]) -> Catalog:
    if not added:
        return catalog
    said = repr([(table.name, table.columns) for table in added.values()])
    version = hashlib.sha256(f"{catalog.version}\n{said}".encode("utf-8", "replace")).hexdigest()[:16]
    return catalog.with_tables(added.values(), version)


def _table(tree: exp.Create, catalog: Catalog) -> Table | None:
    """The table or view that a statement makes, in the place where an unqualified name is looked for first."""
    kind = str(tree.args.get("kind") or "")
    schema = tree.this if isinstance(tree.this, exp.Schema) else None
    named = schema.this if schema is not None else tree.this
    if kind not in ("TABLE", "VIEW") or not isinstance(named, exp.Table) or named.args.get("db"):
        return None
    if isinstance(tree.expression, exp.Query):
        names = [item.name for item in schema.expressions] if schema is not None else []
        columns = output_columns(tree.expression, catalog, names, {})
    else:
        tree.set("properties", None)  # a temporary table has the same columns
        read = catalog_of_ddl(tree.sql(catalog.dialect), catalog.dialect).catalog.tables
        columns = read[0].columns if len(read) == 1 else ()
    if not columns:
        return None
    database, place = catalog.path[0] if catalog.path else ("", "main")
    return Table(named.name, columns, place, database, kind="view" if kind == "VIEW" else "table", unsafe=NOT_RUN_YET)
