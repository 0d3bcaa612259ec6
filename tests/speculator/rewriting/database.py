"""A small database with NULLs, duplicates and quoted names, and what comes of two queries on it."""

from typing import Any

import duckdb

from speql_speculator.edits import apply_edits
from speql_speculator.rewriting.action import Action, ActionKind
from speql_speculator.rewriting.code_actions import code_actions
from speql_sql import Catalog, Span

from ..conftest import read_catalog
from ..filled_schemas import rows_of

TABLES = """
CREATE TABLE airlines (carrier VARCHAR PRIMARY KEY, name VARCHAR);
INSERT INTO airlines VALUES ('AA', 'American'), ('UA', NULL), ('ZZ', 'Nobody');
CREATE TABLE flights (carrier VARCHAR, delay INTEGER, "Order" INTEGER, share DOUBLE);
INSERT INTO flights VALUES ('AA', 1, 1, 0.5), ('AA', 1, 1, 0.5), ('UA', NULL, 2, NULL), (NULL, 7, 3, 1.5),
    ('UA', 70, 3, 2.5), ('XX', 70, NULL, 3.5);
CREATE TABLE a (k INTEGER, x INTEGER, y INTEGER);
INSERT INTO a VALUES (1, 10, 5), (1, 10, 5), (2, NULL, 1), (NULL, 30, NULL), (4, 40, 12);
CREATE TABLE b (k INTEGER, x INTEGER, z INTEGER);
INSERT INTO b VALUES (1, 11, 5), (2, 12, NULL), (2, NULL, 6), (NULL, 30, 7), (5, 15, 8);
CREATE TABLE c ("Select" INTEGER, "two words" INTEGER, s STRUCT(f INTEGER, k INTEGER));
INSERT INTO c VALUES (1, 2, {'f': 1, 'k': 2}), (NULL, 2, NULL), (1, 2, {'f': NULL, 'k': 4});
"""

ALL_KINDS: tuple[ActionKind, ...] = ("quickfix", "refactor.rewrite", "refactor.extract", "refactor.inline")


def connect() -> tuple[duckdb.DuckDBPyConnection, Catalog]:
    connection = duckdb.connect()
    connection.execute(TABLES)
    return connection, read_catalog(connection)


def marked(text: str) -> tuple[str, Span]:
    """A text with ``|`` at the cursor, or two of them around what is selected."""
    start = text.index("|")
    plain = text.replace("|", "", 1)
    end = plain.find("|")
    return plain.replace("|", "", 1), Span(start, end if end >= 0 else start)


def actions_at(text: str, span: Span, catalog: Catalog) -> dict[str, tuple[Action, str]]:
    """What can be done at a place, by the first word or two of its title, with the text that comes of it."""
    found = code_actions(text, span, catalog, ALL_KINDS)
    return {action.title: (action, apply_edits(text, action.edits)) for action in found}


def same_result(connection: duckdb.DuckDBPyConnection, before: str, after: str) -> str | None:
    """None if two queries have the same names, types and bag of rows, or the first does not run; else what differs."""
    try:
        expected: Any = rows_of(connection, before)
    except duckdb.Error:
        return None
    try:
        found: Any = rows_of(connection, after)
    except duckdb.Error as error:
        return f"{error}"
    return None if found == expected else f"{found} is not {expected}"
