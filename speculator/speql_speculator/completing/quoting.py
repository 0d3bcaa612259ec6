"""Names and constants as they have to be written."""

import re

from speql_speculator.completing.completion_groups import words


def quoted(name: str, dialect: str = "duckdb", *, always: bool = False) -> str:
    """The name as it must be written: in quotes where it is no plain word, one that SQL keeps for itself, or one that
    the engine would read in other letters. ``always`` where the user has typed a quote already.

    >>> quoted("carrier"), quoted("Order"), quoted("dep delay")
    ('carrier', '"Order"', '"dep delay"')
    >>> quoted("Carrier"), quoted("Carrier", "postgres"), quoted("carrier", "snowflake"), quoted("a`b", "bigquery")
    ('Carrier', '"Carrier"', '"carrier"', '`a``b`')
    """
    plain = _PLAIN.fullmatch(name) is not None and name.upper() not in _RESERVED
    if plain and not always and name == _FOLDED.get(dialect, str)(name):
        return name
    opening, closing = _MARKS.get(dialect, ('"', '"'))
    return opening + name.replace(closing, closing * 2) + closing


def made_up(name: str, dialect: str) -> str:
    """As :func:`quoted`, but a plain word stays without quotes though the engine reads it in other letters.

    It is so for a name that is new everywhere: what gives it and what uses it are read in the same letters.

    >>> made_up("total", "snowflake"), made_up("Total", "postgres"), made_up("two words", "bigquery")
    ('total', 'Total', '`two words`')
    """
    return name if quoted(name) == name else quoted(name, dialect)


_FOLDED = {
    **dict.fromkeys(("postgres", "redshift", "materialize", "risingwave"), str.lower),
    **dict.fromkeys(("snowflake", "oracle"), str.upper),
}
"""What engines that tell letter case apart make of a name without quotes."""

_MARKS = {
    **dict.fromkeys(("bigquery", "mysql", "spark", "spark2", "databricks", "hive", "doris", "starrocks"), ("`", "`")),
    **dict.fromkeys(("tsql", "fabric"), ("[", "]")),
}

_PLAIN = re.compile(r"[^\W\d]\w*")
_RESERVED = words(
    """ALL ANALYSE ANALYZE AND ANY ANTI ARRAY AS ASC ASOF ASYMMETRIC AUTHORIZATION BINARY BOTH CASE CAST CHECK
    COLLATE COLLATION COLUMN CONCURRENTLY CONSTRAINT CREATE CROSS DEFAULT DEFERRABLE DESC DESCRIBE DISTINCT DO
    ELSE END EXCEPT FALSE FETCH FOR FOREIGN FREEZE FROM FULL GENERATED GLOB GROUP HAVING ILIKE IN INITIALLY
    INNER INTERSECT INTO IS ISNULL JOIN LAMBDA LATERAL LEADING LEFT LIKE LIMIT MAP NATURAL NOT NOTNULL NULL
    OFFSET ON ONLY OR ORDER OUTER OVERLAPS PIVOT PLACING POSITIONAL PRIMARY QUALIFY REFERENCES RETURNING RIGHT
    SELECT SEMI SHOW SIMILAR SOME STRUCT SUMMARIZE SYMMETRIC TABLE TABLESAMPLE THEN TO TRAILING TRUE TRY_CAST
    UNION UNIQUE UNPACK UNPIVOT USING VARIADIC VERBOSE WHEN WHERE WINDOW WITH"""
)
