"""Schemas, catalogs and cases of the speculator's tests."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pytest

from speql_sql import Catalog, Column, ForeignKey, Table

FIXTURES = Path(__file__).parent.parent / "fixtures" / "repair"


@dataclass(frozen=True)
class Schema:
    """A database with a schema and no rows, and its catalog."""

    connection: duckdb.DuckDBPyConnection
    catalog: Catalog
    plans: dict[str, tuple[str, str | None]] = field(default_factory=dict)

    def explain(self, sql: str) -> tuple[str, str | None]:
        """The engine's plan of ``sql`` and the message of what keeps it from binding; asked once a text."""
        if sql not in self.plans:
            try:
                rows = self.connection.execute("EXPLAIN " + sql).fetchall()
                self.plans[sql] = ("\n".join(row[1] for row in rows), None)
            except duckdb.Error as error:
                self.plans[sql] = ("", str(error).split("\n", 1)[0])
        return self.plans[sql]

    def binding_error(self, sql: str) -> str | None:
        """None if the engine binds ``sql``, else its message."""
        return self.explain(sql)[1]

    def has_cross_product(self, sql: str) -> bool:
        """Whether the engine's plan multiplies two inputs."""
        return "CROSS_PRODUCT" in self.explain(sql)[0]


def read_catalog(connection: duckdb.DuckDBPyConnection) -> Catalog:
    """The catalog of a connection, read from DuckDB's own tables."""
    columns: dict[str, list[Column]] = {}
    for table, name, kind, nullable in connection.execute(
        "SELECT table_name, column_name, data_type, is_nullable FROM duckdb_columns() WHERE NOT internal "
        "ORDER BY table_oid, column_index"
    ).fetchall():
        columns.setdefault(table, []).append(Column(name, kind, nullable))
    primary: dict[str, tuple[str, ...]] = {}
    foreign: dict[str, list[ForeignKey]] = {}
    for table, kind, names, target, target_names in connection.execute(
        "SELECT table_name, constraint_type, constraint_column_names, referenced_table, referenced_column_names "
        "FROM duckdb_constraints()"
    ).fetchall():
        if kind == "PRIMARY KEY":
            primary[table] = tuple(names)
        elif kind == "FOREIGN KEY":
            foreign.setdefault(table, []).append(ForeignKey(tuple(names), f"main.{target}", tuple(target_names)))
    return Catalog(
        tuple(
            Table(name, tuple(found), primary_key=primary.get(name, ()), foreign_keys=tuple(foreign.get(name, ())))
            for name, found in columns.items()
        ),
        version=",".join(columns),
    )


def open_schema(name: str) -> Schema:
    connection = duckdb.connect()
    connection.execute((FIXTURES / f"schema_{name}.sql").read_text())
    return Schema(connection, read_catalog(connection))


@pytest.fixture(scope="session")
def schemas() -> Iterator[dict[str, Schema]]:
    """The schemas of the fixtures by name."""
    opened = {name: open_schema(name) for name in ("flights", "shop", "saas", "demo", "tpcds", "friendly")}
    yield opened
    for schema in opened.values():
        schema.connection.close()


@pytest.fixture(scope="session")
def queries() -> dict[str, list[tuple[str, str]]]:
    """For each schema, the names and texts of whole queries."""
    return {
        name: read_queries(FIXTURES / f"queries_{name}.sql") for name in ("flights", "shop", "saas", "demo", "tpcds")
    }


def read_queries(path: Path) -> list[tuple[str, str]]:
    """Queries of a file: each has its name in a comment before it and a semicolon after it."""
    blocks = re.split(r"^-- (\w+)\n", path.read_text(), flags=re.MULTILINE)[1:]
    return [(name, text.strip().removesuffix(";")) for name, text in zip(blocks[::2], blocks[1::2], strict=True)]


@dataclass(frozen=True)
class Case:
    """A snippet with its cursor, and what it is repaired to (None with a problem's code)."""

    title: str
    typed: str
    cursor: int | None
    expected: str | None
    code: str


CURSOR = re.compile(r"(?<!\|)\|(?!\|)")


def read_cases(path: Path) -> list[Case]:
    """Cases of a file: ``# title``, the text with ``|`` at the cursor, then ``=> result`` or ``=> ! problem-code``."""
    cases = []
    for block in re.split(r"\n\s*\n", path.read_text().strip()):
        head, _, rest = block.partition("\n")
        typed, _, expected = rest.partition("\n=> ")
        mark = CURSOR.search(typed)
        cursor = mark.start() if mark else None
        text = CURSOR.sub("", typed, count=1)
        failed = expected.startswith("! ")
        title = head.removeprefix("# ")
        outcome, code = (None, expected[2:]) if failed else (expected.rstrip(), "")
        cases.append(Case(title, text, cursor, outcome, code))
    return cases


@pytest.fixture(scope="session")
def cases() -> Callable[[str], list[Case]]:
    """Reads a file of cases."""
    return lambda name: read_cases(FIXTURES / name)
