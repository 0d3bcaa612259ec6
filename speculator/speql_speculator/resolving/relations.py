"""What a FROM source offers: its columns, where they come from, and what identifies its rows."""

import re
from dataclasses import dataclass, field, replace
from functools import lru_cache

from speql_speculator.by_identity import ByIdentity
from speql_speculator.parsing.keywords import RESERVED
from speql_sql import Table


@dataclass(frozen=True, slots=True)
class VisibleColumn:
    """A column as a query sees it. ``family`` is text, number, time, boolean, or empty if not known.

    ``origin`` is the base table and column that its values are copied from, if they are.
    """

    name: str
    family: str = ""
    origin: tuple[Table, str] | None = None


@dataclass(slots=True)
class Relation:
    """A source in scope: ``columns`` by folded name. ``opaque``: it may have more columns than are known.

    ``plain``: it is ``table`` with the columns that the catalog says. ``typing``: it is a query that the cursor is in,
    which may get more columns yet. ``meaning`` is the same for the same CTE over the same CTEs, None where that cannot
    be told.
    """

    alias: str
    columns: dict[str, VisibleColumn]
    opaque: bool = False
    keys: tuple[frozenset[str], ...] = ()
    single_row: bool = False
    table: Table | None = None
    names: tuple[str, ...] = ()
    plain: bool = False
    typing: bool = False
    meaning: str | None = None

    def renamed(self, alias: str) -> "Relation":
        """The same under another name."""
        return replace(self, alias=alias, names=(alias.lower(),))


@dataclass(slots=True)
class Scope:
    """The relations that a SELECT's names are looked up in, then those of the queries around it.

    ``aliases`` are the output columns that are named so far, ``later_aliases`` the others: they hide outer columns.
    ``table_in_doubt``: a source of FROM is left out: without another one, nothing can be said of columns.
    """

    relations: list[Relation] = field(default_factory=list)
    parent: "Scope | None" = None
    aliases: dict[str, VisibleColumn] = field(default_factory=dict)
    later_aliases: set[str] = field(default_factory=set)
    merged: set[str] = field(default_factory=set)
    left_out: dict[str, str] = field(default_factory=dict)
    table_in_doubt: bool = False

    def relation(self, name: str) -> Relation | None:
        """The relation of this SELECT (not of those around it) called ``name``."""
        folded = name.lower()
        return next((relation for relation in self.relations if folded in relation.names), None)

    @property
    def typing(self) -> bool:
        """Whether one of the relations is a query that is being typed."""
        return any(relation.typing for relation in self.relations)

    @property
    def opaque(self) -> bool:
        """Whether a column that is not known may still exist."""
        return any(relation.opaque for relation in self.relations)


def table_relation(table: Table, alias: str, spelled: tuple[str, ...]) -> Relation:
    """A base table as a relation. ``spelled`` are the parts of its name as the user wrote them."""
    return Relation(
        alias,
        _visible_columns(ByIdentity(table)),
        opaque=table.listed_only,
        keys=table.keys,
        table=table,
        plain=True,
        names=(alias.lower(), ".".join(spelled).lower()),
    )


@lru_cache(maxsize=4096)
def _visible_columns(key: ByIdentity) -> dict[str, VisibleColumn]:
    """The columns of a base table. Nobody changes the columns of a relation: another one is made."""
    (table,) = key.values
    assert isinstance(table, Table)
    return {
        folded: VisibleColumn(column.name, type_family(column.type), (table, folded))
        for folded, column in table.columns_by_name.items()
    }


def type_family(type_name: str) -> str:
    """The family of an engine's type: text, number, time, boolean, or empty."""
    word = re.match(r"\w*", type_name.upper())
    return _FAMILIES.get(word.group() if word else "", "") if not type_name.endswith("]") else ""


def spell(name: str, dialect: str = "duckdb") -> str:
    """A name as it has to be written in SQL: quoted only where it must be.

    >>> spell("order"), spell("origin")
    ('"order"', 'origin')
    """
    plain = re.fullmatch(r"[^\W\d]\w*", name) is not None and name.upper() not in RESERVED
    if plain and (dialect not in ("postgres", "redshift", "snowflake") or name.islower() or name.isupper()):
        return name
    quote = "`" if dialect in ("bigquery", "spark", "databricks", "mysql", "hive") else '"'
    return quote + name.replace(quote, quote * 2) + quote


_FAMILIES = {
    **dict.fromkeys(("VARCHAR", "CHAR", "TEXT", "STRING", "BPCHAR", "CHARACTER", "NVARCHAR", "ENUM", "UUID"), "text"),
    **dict.fromkeys(
        [
            "TINYINT",
            "SMALLINT",
            "INTEGER",
            "INT",
            "BIGINT",
            "HUGEINT",
            "UTINYINT",
            "USMALLINT",
            "UINTEGER",
            "UBIGINT",
            "UHUGEINT",
            "DECIMAL",
            "NUMERIC",
            "FLOAT",
            "DOUBLE",
            "REAL",
            "INT2",
            "INT4",
            "INT8",
            "INT64",
            "FLOAT4",
            "FLOAT8",
            "FLOAT64",
            "NUMBER",
        ],
        "number",
    ),
    **dict.fromkeys(("DATE", "TIMESTAMP", "TIMESTAMPTZ", "DATETIME", "TIMESTAMP_NTZ", "TIMESTAMP_S"), "time"),
    **dict.fromkeys(("BOOLEAN", "BOOL"), "boolean"),
}
