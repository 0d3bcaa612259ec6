"""What kind of statement a text is in T-SQL, by its first words: the server itself decides whether it may run."""

import re

from sqlglot import exp

from speql_engines.statement_kinds import Statement, checked_word, without_comments_before
from speql_sql.guard import GuardPolicy, speculation_problems
from speql_sql.parse import parse_query

_QUERIES = {"SELECT", "WITH", "("}
_TRANSACTION = "SpeQL runs each statement in a transaction of its own, so one cannot be begun or ended by hand."
_REFUSED = dict.fromkeys(("BEGIN", "COMMIT", "ROLLBACK", "SAVE"), _TRANSACTION)
_REFUSED["GO"] = "GO is a word of tools that send scripts, and not of SQL Server's."
_REFUSED["PREPARE"] = "SQL Server has no PREPARE."
_TEMPORARY = re.compile(r"\bCREATE\s+TABLE\s+\[?#|\bINTO\s+\[?#|\bCREATE\s+TEMP(?:ORARY)?\b", re.I)
_NO_TEMPORARY = "SpeQL has several sessions on the server, and a temporary table (#name) would be in one of them only."
_SETTING = re.compile(r"SET\s+(?:(TRANSACTION\s+ISOLATION\s+LEVEL|\w+))\s+(?!=)", re.I)
_OURS = {
    "context_info", "fmtonly", "identity_insert", "implicit_transactions", "lock_timeout", "nocount", "noexec",
    "parseonly", "quoted_identifier", "rowcount", "showplan_all", "showplan_text", "showplan_xml", "statistics",
}  # fmt: skip
_NOT_ONE_QUERY = frozenset({"several-statements", "ambiguous-text", "not-understood", "writes", "side-effect"})
ISOLATION = "transaction isolation level"


def tsql_statement(sql: str) -> Statement:
    """The kind of ``sql``; :class:`EngineError` if it is empty.

    >>> tsql_statement("set dateformat dmy").key, tsql_statement("SELECT 1 AS a INTO #t").kind
    ('dateformat', 'refused')
    """
    bare = without_comments_before(sql)
    word = checked_word(bare)
    if word in _REFUSED:
        return Statement(sql, "refused", _REFUSED[word])
    if _TEMPORARY.search(bare):
        return Statement(sql, "refused", _NO_TEMPORARY)
    if word in _QUERIES:
        return Statement(sql, "query")
    if word == "USE":
        return Statement(sql, "setting", key="use")
    if word == "SET" and (found := _SETTING.match(bare)):
        name = " ".join(found[1].lower().split())
        if name in _OURS:
            return Statement(sql, "refused", f"SpeQL depends on {name.upper()}: it has to stay as it is.")
        if ";" in bare.rstrip().rstrip(";"):
            return Statement(sql, "write")  # a batch of statements
        return Statement(sql, "setting", key=name)
    return Statement(sql, "write")


def only_reads(sql: str) -> bool:
    """Whether ``sql`` is one query by the parser's word and by its text, which needs no semicolon for a second one.

    >>> only_reads("SELECT a FROM t"), only_reads("SELECT a FROM t SHUTDOWN"), only_reads("SELECT a INTO x FROM t")
    (True, False, False)
    """
    query = parse_query(sql, "tsql").query
    if query is None or query.find(exp.NextValueFor) is not None:
        return False
    return not any(problem.code in _NOT_ONE_QUERY for problem in speculation_problems(query, GuardPolicy("tsql"), sql))
