"""What kind of statement a text is, by its first words: BigQuery itself decides whether it may run."""

import re
from dataclasses import dataclass
from typing import Literal

from speql_engines.engine import EngineError
from speql_sql import Problem

Kind = Literal["query", "setting", "write", "refused"]

_BLANK = re.compile(r"(?:\s+|--[^\n]*(?:\n|$)|#[^\n]*(?:\n|$)|/\*.*?\*/)+", re.S)
_WORD = re.compile(r"[A-Za-z_]+")
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


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement's text and kind, and the reason if it is refused; ``key`` and ``value`` of a ``setting``."""

    text: str
    kind: Kind
    reason: str = ""
    key: str = ""
    value: str = ""


def statement_of(sql: str) -> Statement:
    """The kind of ``sql``; :class:`EngineError` if it is empty.

    >>> statement_of("/* now */ SET @@time_zone = 'Asia/Tokyo'").value, statement_of("SELECT 1").kind
    ('Asia/Tokyo', 'query')
    """
    bare = _BLANK.sub("", sql, count=1) if _BLANK.match(sql) else sql
    found = _WORD.match(bare)
    word = found[0].upper() if found else bare[:1]
    if not word or word == ";":
        raise EngineError("There is no statement to run.", "Write one.", Problem("empty", "There is no statement."))
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
        return Statement(sql, "setting", key=setting[1].lower(), value=setting[3])
    return Statement(sql, "write")
