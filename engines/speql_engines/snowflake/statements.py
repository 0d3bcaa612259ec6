"""What kind of statement a text is, by its first words: Snowflake itself decides whether it may run."""

import re

from speql_engines.statement_kinds import Statement, checked_word

_BLANK = re.compile(r"(?:\s+|--[^\n]*(?:\n|$)|//[^\n]*(?:\n|$)|/\*.*?\*/)+", re.S)
_QUERIES = {"SELECT", "WITH", "VALUES", "("}
_READS = {"EXPLAIN", "SHOW", "DESC", "DESCRIBE", "LIST", "LS"}
_SETTINGS = {"USE", "SET", "UNSET"}
_REFUSED = dict.fromkeys(
    ("BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT"),
    "SpeQL runs each statement in a transaction of its own, so one cannot be begun or ended by hand.",
)
_REFUSED |= dict.fromkeys(("PUT", "GET"), "SpeQL moves no files to or from stages: use SnowSQL or the Snowflake CLI.")
_REFUSED["PREPARE"] = "Snowflake has no prepared statements."
_TEMPORARY = re.compile(r"CREATE\s+(?:OR\s+REPLACE\s+)?(?:(?:LOCAL|GLOBAL)\s+)?(?:TEMP(?:ORARY)?|VOLATILE)\b", re.I)
_NO_TEMPORARY = (
    "A TEMP table would be lost when SpeQL connects again, and would hide a table of its name until then. "
    "Make a TRANSIENT one."
)
_PROCEDURE = re.compile(r"WITH\s+\S+\s+AS\s+PROCEDURE\b", re.I)
_SESSION = re.compile(r"ALTER\s+SESSION\s+(?:UN)?SET\s+(\w+)", re.I)
_OURS = {"AUTOCOMMIT", "MULTI_STATEMENT_COUNT", "QUOTED_IDENTIFIERS_IGNORE_CASE", "ROWS_PER_RESULTSET"}
_OBJECT_OF_USE = re.compile(r"USE\s+(ROLE|WAREHOUSE|SECONDARY\s+ROLES|DATABASE|SCHEMA)?", re.I)


def statement_of(sql: str) -> Statement:
    """The kind of ``sql``; :class:`~speql_engines.EngineError` if it is empty.

    >>> statement_of("/* now */ use warehouse SMALL").key, statement_of("SELECT 1").kind
    ('WAREHOUSE', 'query')
    """
    bare = _BLANK.sub("", sql, count=1) if _BLANK.match(sql) else sql
    word = checked_word(bare)
    if word in _REFUSED:
        return Statement(sql, "refused", _REFUSED[word])
    if _PROCEDURE.match(bare):
        return Statement(sql, "write")
    if word in _QUERIES:
        return Statement(sql, "query")
    if word in _READS:
        return Statement(sql, "read")
    if word in _SETTINGS:
        used = _OBJECT_OF_USE.match(bare)
        return Statement(sql, "setting", key=(used[1] or "DATABASE").upper() if used else f"variable {bare}")
    if session := _SESSION.match(bare):
        name = session[1].upper()
        if name in _OURS:
            return Statement(sql, "refused", f"SpeQL depends on {name}: it has to stay as it is.")
        return Statement(sql, "setting", key=f"parameter {name}")
    if _TEMPORARY.match(bare):
        return Statement(sql, "refused", _NO_TEMPORARY)
    return Statement(sql, "write")
