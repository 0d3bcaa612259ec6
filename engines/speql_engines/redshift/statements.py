"""What kind of statement a text is on Redshift, by its first words."""

import re

from sqlglot import exp

from speql_engines.statement_kinds import Statement, statement_of, without_comments_before
from speql_sql.parse import parse_query

_TEMPORARY = re.compile(r"CREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?\"?#|\bINTO\s+(?:TABLE\s+)?\"?#", re.I)
_COPY = re.compile(r"COPY\b", re.I)
_NO_TEMPORARY = "SpeQL has several sessions on the server, and a temporary table (#name) would be in one of them only."


def redshift_statement(sql: str) -> Statement:
    """As PostgreSQL's; but COPY reads from S3 and is a write like others, and ``#name`` is a temporary table.

    >>> redshift_statement("COPY t FROM 's3://b/x' IAM_ROLE default").kind, redshift_statement("SELECT 1 INTO #t").kind
    ('write', 'refused')
    """
    bare = without_comments_before(sql)
    if _COPY.match(bare):
        return Statement(sql, "write")
    found = statement_of(sql)
    if found.kind in ("query", "write") and _TEMPORARY.search(bare):
        return Statement(sql, "refused", _NO_TEMPORARY)
    return found


def only_reads(sql: str) -> bool:
    """Whether ``sql`` is one query by the parser's word, and makes no table (SELECT INTO)."""
    query = parse_query(sql, "redshift").query
    return query is not None and query.find(exp.Into) is None
