"""What kind of statement a text is, by its first words, in PostgreSQL and its kin: the server decides if it may run."""

import re
from dataclasses import dataclass
from typing import Literal

from speql_engines.engine import EngineError
from speql_sql import Problem

Kind = Literal["query", "read", "setting", "write", "refused"]

_BLANK = re.compile(r"(?:\s+|--[^\n]*(?:\n|$))+")
_WORD = re.compile(r"[A-Za-z_]+")
_QUERIES = {"SELECT", "WITH", "VALUES", "TABLE", "("}
_READS = {"EXPLAIN", "SHOW"}
_REFUSED = dict.fromkeys(
    ("BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT", "RELEASE", "LOCK"),
    "SpeQL runs each statement in a transaction of its own, so one cannot be begun or ended by hand.",
)
_REFUSED |= dict.fromkeys(
    ("PREPARE", "EXECUTE", "DEALLOCATE", "DECLARE", "FETCH", "MOVE", "CLOSE", "LISTEN", "UNLISTEN", "DISCARD", "LOAD"),
    "SpeQL has several sessions on the server, and what this leaves would be in one of them only.",
)
_REFUSED["COPY"] = "SpeQL has no place for the rows of a COPY: use psql for this."
_TEMPORARY = re.compile(r"\s*CREATE\s+(?:OR\s+REPLACE\s+)?(?:(?:LOCAL|GLOBAL)\s+)?TEMP(?:ORARY)?\b", re.I)
_INTO_TEMPORARY = re.compile(r"\bINTO\s+(?:(?:LOCAL|GLOBAL)\s+)?TEMP(?:ORARY)?\b", re.I)
_SETTING = re.compile(r"(?:SET|RESET)\s+(?:SESSION\s+)?(\w+(?:\.\w+)?)(?:\s+(\w+))?", re.I)
_NO_TEMPORARY = "SpeQL has several sessions on the server, and a TEMP table or view would be in one of them only."


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement's text and kind, and the reason if it is refused; ``key`` names the setting of a ``setting``.

    A ``query`` may still write (in a CTE, by a function): run it in a read-only transaction first.
    """

    text: str
    kind: Kind
    reason: str = ""
    key: str = ""


def statement_of(sql: str) -> Statement:
    """The kind of ``sql``; :class:`EngineError` if it is empty."""
    bare = without_comments_before(sql)
    word = checked_word(bare)
    if word in _REFUSED:
        return Statement(sql, "refused", _REFUSED[word])
    if word in _QUERIES:
        if _INTO_TEMPORARY.search(bare):
            return Statement(sql, "refused", _NO_TEMPORARY)
        return Statement(sql, "query")
    if word in _READS:
        return Statement(sql, "read")
    if word in ("SET", "RESET"):
        return _setting(sql, bare)
    if _TEMPORARY.match(bare):
        return Statement(sql, "refused", _NO_TEMPORARY)
    return Statement(sql, "write")


def checked_word(bare: str) -> str:
    """The first word of a text in capitals, or its first sign; :class:`EngineError` if there is none.

    >>> checked_word("select 1"), checked_word("(SELECT 1)")
    ('SELECT', '(')
    """
    found = _WORD.match(bare)
    word = found[0].upper() if found else bare[:1]
    if not word or word == ";":
        raise EngineError("There is no statement to run.", "Write one.", Problem("empty", "There is no statement."))
    return word


def _setting(sql: str, bare: str) -> Statement:
    found = _SETTING.match(bare)
    name = found[1].lower() if found else ""
    if name in ("local", "transaction", "constraints", "characteristics"):
        return Statement(sql, "refused", _REFUSED["BEGIN"])
    if found and name == "session" and (found[2] or "").lower() == "characteristics":
        return Statement(sql, "refused", "Whether SpeQL may write is said when the connection is opened.")
    if name in ("default_transaction_read_only", "transaction_read_only"):
        return Statement(sql, "refused", "Whether SpeQL may write is said when the connection is opened.")
    return Statement(sql, "setting", key="time zone" if name == "time" else name)


def without_comments_before(sql: str) -> str:
    """The text from its first word on.

    >>> without_comments_before("/* a /* nested */ one */ -- and\\n SELECT 1")
    'SELECT 1'
    """
    while True:
        bare = _BLANK.sub("", sql, count=1) if _BLANK.match(sql) else sql
        if bare.startswith("/*"):
            bare = _after_comment(bare)
        if bare == sql:
            return bare
        sql = bare


def _after_comment(text: str) -> str:
    depth, at = 1, 2
    while depth and at < len(text):
        two = text[at : at + 2]
        depth += (two == "/*") - (two == "*/")
        at += 2 if two in ("/*", "*/") else 1
    return text[at:]
