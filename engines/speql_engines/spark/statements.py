"""What kind of statement a text is, by its first words: Spark itself decides whether it may run."""

import re

from speql_engines.statement_kinds import Statement, checked_word, without_comments_before

_QUERIES = {"SELECT", "WITH", "VALUES", "FROM", "TABLE", "("}
_READS = {"EXPLAIN", "SHOW", "DESC", "DESCRIBE", "LIST", "REFRESH"}
_REFUSED = dict.fromkeys(
    ("BEGIN", "START", "COMMIT", "END", "ROLLBACK"), "SpeQL runs one statement at a time, no transactions and scripts."
)
_REFUSED["PREPARE"] = "Spark has no prepared statements."
_TEMPORARY = re.compile(r"CREATE\s+(?:OR\s+REPLACE\s+)?(?:GLOBAL\s+)?TEMP(?:ORARY)?\b", re.I)
_NO_TEMPORARY = (
    "A TEMP view or function would be lost when SpeQL connects again, and would hide a table of its name until then. "
    "Make a view."
)
_SETTING = re.compile(r"SET\s+(?:(TIME\s+ZONE|CATALOG|SCHEMA|DATABASE|NAMESPACE)\b|([\w.`-]+)\s*=)", re.I)
_RESET = re.compile(r"RESET\s+([\w.`-]+)", re.I)
_VARIABLE = re.compile(r"SET\s+VAR(?:IABLE)?\b|DECLARE\b|DROP\s+TEMP(?:ORARY)?\s+VAR", re.I)
_OURS = ("spark.sql.parser.", "spark.sql.legacy.parser.", "spark.sql.ansi.doublequotedidentifiers")


def spark_statement(sql: str) -> Statement:
    """The kind of ``sql``; :class:`~speql_engines.EngineError` if it is empty.

    >>> spark_statement("-- now\\nset time zone 'UTC'").key, spark_statement("SHOW TABLES").kind
    ('TIME ZONE', 'read')
    """
    bare = without_comments_before(sql)
    word = checked_word(bare)
    if word in _REFUSED:
        return Statement(sql, "refused", _REFUSED[word])
    if word in _QUERIES:
        return Statement(sql, "query")
    if word in _READS:
        return Statement(sql, "read")
    if word == "USE":
        return Statement(sql, "setting", key="CATALOG")
    if _VARIABLE.match(bare):
        return Statement(sql, "setting", key=f"variable {bare}")
    if found := _SETTING.match(bare) or _RESET.match(bare):
        name = next(group for group in found.groups() if group)
        key = " ".join(name.replace("`", "").split())
        if key.lower().startswith(_OURS):
            return Statement(sql, "refused", f"SpeQL depends on {key}: it has to stay as it is.")
        return Statement(sql, "setting", key=key.upper() if "." not in key else key)
    if word in ("SET", "RESET"):
        return Statement(sql, "read" if word == "SET" else "setting", key="everything")
    if _TEMPORARY.match(bare):
        return Statement(sql, "refused", _NO_TEMPORARY)
    return Statement(sql, "write")
