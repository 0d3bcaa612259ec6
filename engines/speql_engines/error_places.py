"""Where errors are."""

from speql_sql import Span


def span_of_word(sql: str, start: int) -> Span | None:
    """From a place to the end of the name or word there; None where the place is not in the text.

    >>> span_of_word('SELECT "a b".c FROM t', 7).of('SELECT "a b".c FROM t')
    '"a b".c'
    """
    if not 0 <= start <= len(sql):
        return None
    end = start
    if end < len(sql) and sql[end] == '"':
        end = sql.find('"', end + 1) + 1 or len(sql)
    while end < len(sql) and (sql[end].isalnum() or sql[end] in "_$."):
        end += 1
    return Span(start, max(end, min(start + 1, len(sql))))
