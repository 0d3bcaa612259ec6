"""Statements that set where names are looked up."""

from collections.abc import Sequence

from speql_speculator.tokens import Token, tokenize
from speql_sql import Catalog


def awaits_path(before: Sequence[str], catalog: Catalog) -> bool:
    """Whether the last of the statements before one that sets where names are looked up has not been run.

    >>> awaits_path(["USE s", "SELECT 1"], Catalog(path=(("db", "main"),)))
    True
    >>> awaits_path(["USE s", "SET search_path = 'main'"], Catalog(path=(("db", "main"),)))
    False
    """
    for statement in reversed(before):
        if statement[:3].upper() in ("USE", "SET"):
            wanted = _path(tokenize(statement, catalog.dialect))
            if wanted:
                return not _is_path(wanted, catalog.path)
    return False


_KINDS = frozenset({"CATALOG", "DATABASE", "SCHEMA", "NAMESPACE"})
_NO_PLACES = frozenset({"WAREHOUSE", "ROLE", "SECONDARY"})
"""What else Snowflake uses."""
_SCOPES = frozenset({"SESSION", "LOCAL", "GLOBAL"})
_ALWAYS = frozenset({"$user", "pg_catalog", "pg_temp"})
"""Schemas that PostgreSQL does not count among those of the path, or has in it anyway."""


def _path(tokens: Sequence[Token]) -> list[tuple[str, ...]]:
    """The schemas that a statement sets, each with its database where that is said; none if it sets something else."""
    words = [token for token in tokens if token.kind != "end"]
    uppers = [token.upper for token in words]
    at = 1
    if uppers[0] == "USE":
        if uppers[at : at + 1] and uppers[at] in _NO_PLACES:
            return []
        at += len(uppers) > at + 1 and uppers[at] in _KINDS
    else:
        at += uppers[at : at + 1] != [] and uppers[at] in _SCOPES
        if uppers[at : at + 1] not in (["SEARCH_PATH"], ["SCHEMA"], ["CURRENT_SCHEMA"]):
            return []
        at += 1
        at += uppers[at : at + 1] in (["="], ["TO"])
    said = ",".join(_spelled(token) for token in words[at:] if token.text not in ("=", ";")).replace(",.,", ".")
    names = [name.strip().replace('"', "").lower() for name in said.split(",")]
    return [tuple(name.split(".")) for name in names if name and name not in _ALWAYS]


def _spelled(token: Token) -> str:
    if token.text == ",":
        return ""
    return token.text[1:-1] if token.kind == "string" else token.name


def _is_path(wanted: Sequence[tuple[str, ...]], path: Sequence[tuple[str, str]]) -> bool:
    """Whether names are looked up there now. A name alone is that of a schema, or of a database."""
    if len(wanted) > len(path):
        return False
    for name, (database, schema) in zip(wanted, path, strict=False):
        there = (database.lower(), schema.lower())
        if name[-2:] != there and (len(name) > 1 or name[0] not in there):
            return False
    return True
