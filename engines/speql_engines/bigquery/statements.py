"""What kind of statement a text is, by its first words: BigQuery itself decides whether it may run."""

import re

from speql_engines.statement_kinds import Statement, checked_word

_BLANK = re.compile(r"(?:\s+|--[^\n]*(?:\n|$)|#[^\n]*(?:\n|$)|/\*.*?\*/)+", re.S)
_QUERIES = frozenset({"SELECT", "WITH", "FROM", "("})
_TRANSACTION = re.compile(r"(?:BEGIN|COMMIT|ROLLBACK)(?:\s+TRANSACTION)?\s*;?\s*$", re.I)
_TEMPORARY = re.compile(r"CREATE\s+(?:OR\s+REPLACE\s+)?TEMP(?:ORARY)?\b", re.I)
_SETTING = re.compile(r"SET\s+@@(time_zone|dataset_id|dataset_project_id)\s*=\s*(['\"])(.*?)\2\s*;?\s*$", re.I)
_NO_TRANSACTION = "SpeQL runs each statement in a job of its own, so a transaction cannot be begun or ended by hand."
_NO_SESSION = (
    "SpeQL runs each statement in a job of its own, and what this leaves would be gone with that. Put it into one "
    "BEGIN ... END with what needs it."
)
_NO_SETTING = (
    "Of settings SET @@time_zone, SET @@dataset_id and SET @@dataset_project_id hold for what follows, each to a text."
)


def statement_of(sql: str) -> Statement:
    """The kind of ``sql``; :class:`~speql_engines.EngineError` if it is empty.

    >>> statement_of("/* now */ SET @@time_zone = 'Asia/Tokyo'").key, statement_of("SELECT 1").kind
    ('time_zone', 'query')
    """
    bare = _bare(sql)
    word = checked_word(bare)
    if word in _QUERIES:
        return Statement(sql, "query")
    if _TRANSACTION.match(bare):
        return Statement(sql, "refused", _NO_TRANSACTION)
    if word in ("DECLARE", "PREPARE") or _TEMPORARY.match(bare):
        return Statement(sql, "refused", _NO_SESSION)
    if word == "SET":
        setting = _SETTING.match(bare)
        if setting is None:
            return Statement(sql, "refused", _NO_SETTING)
        return Statement(sql, "setting", key=setting[1].lower())
    return Statement(sql, "write")


def setting_of(sql: str) -> tuple[str, str]:
    """The name and the value of what :func:`statement_of` calls a setting.

    >>> setting_of("SET @@dataset_id = 'shop';")
    ('dataset_id', 'shop')
    """
    setting = _SETTING.match(_bare(sql))
    assert setting is not None, "it is a setting"
    return setting[1].lower(), setting[3]


def _bare(sql: str) -> str:
    return _BLANK.sub("", sql, count=1) if _BLANK.match(sql) else sql
