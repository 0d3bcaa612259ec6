"""Tables and data on which cases of matching are executed."""

import random
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from speql_sql import Catalog, Column, ForeignKey, Table

FIXTURES = Path(__file__).parents[2] / "fixtures" / "matching"
FOREIGN_KEYS = {"customer_id": "customers", "order_id": "orders", "product_id": "products"}
VALUES = {
    "INTEGER": ["0", "1", "2", "3", "4", "5", "6", "8", "9", "10", "11", "-1"],
    "BIGINT": ["0", "1", "2", "3", "9223372036854775807"],
    "DECIMAL(7,2)": ["0", "2.5", "2.49", "2.51", "7", "-3.33"],
    "DOUBLE": ["0", "CAST('-0.0' AS DOUBLE)", "2", "2.5", "3.5", "'nan'", "'inf'", "0.1"],
    "VARCHAR": ["'a'", "'A'", "'b'", "'ab'", "'a b;c'", "'a  b;c'", "'1'", "''"],
    "DATE": ["'2000-01-01'", "'2000-01-05'", "'2000-01-31'", "'2000-02-04'", "'2000-03-01'"],
    "TIMESTAMP": ["'2000-01-05'", "'2000-01-05 12:00:00'", "'2000-01-06 00:00:01'"],
    "BOOLEAN": ["true", "false"],
}


def _database(seed: int) -> duckdb.DuckDBPyConnection:
    """The schema with random rows; seed 0 leaves every table empty, seed 1 the smaller tables."""
    rng = random.Random(seed)
    con = duckdb.connect()
    con.execute((FIXTURES / "schema.sql").read_text())
    for table in known_catalog(con).tables:
        references = {key.columns[0] for key in table.foreign_keys}
        for number in range(0 if seed == 0 or (seed == 1 and table.name != "sales") else rng.choice([12, 40])):
            row = [
                "NULL"
                if column.nullable and rng.random() < 0.15
                else str(rng.randrange(12))
                if column.name in references
                else rng.choice(VALUES[column.type])
                for column in table.columns
            ]
            if table.primary_key:
                row[0] = str(number)
            con.execute(f"INSERT INTO {table.name} VALUES ({', '.join(row)})")
    return con


def known_catalog(con: duckdb.DuckDBPyConnection) -> Catalog:
    found: dict[str, list[Column]] = {}
    for table, column, type_name, nullable in con.execute(
        "SELECT table_name, column_name, data_type, is_nullable FROM duckdb_columns() WHERE NOT internal"
        " ORDER BY table_oid, column_index"
    ).fetchall():
        found.setdefault(table, []).append(Column(column, type_name, nullable))
    return Catalog(
        tuple(
            Table(
                name,
                tuple(columns),
                "main",
                "memory",
                primary_key=("id",) if columns[0].name == "id" else (),
                foreign_keys=tuple(
                    ForeignKey((column,), f"main.{target}", ("id",))
                    for column, target in FOREIGN_KEYS.items()
                    if any(known.name == column for known in columns)
                ),
            )
            for name, columns in found.items()
        ),
        path=(("memory", "main"),),
    )


@pytest.fixture(scope="session")
def databases() -> list[duckdb.DuckDBPyConnection]:
    """The schema of the fixtures over several data: empty, half empty, random."""
    return [_database(seed) for seed in range(4)]


@pytest.fixture(scope="session")
def catalog(databases: list[duckdb.DuckDBPyConnection]) -> Catalog:
    return known_catalog(databases[0])


@pytest.fixture(scope="session")
def catalog_of() -> Callable[[duckdb.DuckDBPyConnection], Catalog]:
    return known_catalog
