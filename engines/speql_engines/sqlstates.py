"""What PostgreSQL's family of engines says of an error: its SQLSTATE and a place in the text."""

from speql_engines.error_places import span_of_word
from speql_sql import Span

# By SQLSTATE, or by its class: https://www.postgresql.org/docs/current/errcodes-appendix.html
_CODES = {
    "42601": "syntax-error",
    "42P01": "unknown-table",
    "3F000": "unknown-schema",
    "42703": "unknown-column",
    "42702": "ambiguous-column",
    "42725": "type-error",
    "42883": "unknown-function",
    "42704": "unknown-type",
    "42803": "not-grouped",
    "42804": "type-error",
    "42846": "type-error",
    "42712": "duplicate-alias",
    "25006": "read-only",
    "57014": "cancelled",
    "42501": "access-refused",
    "53100": "disk-full",
    "53200": "out-of-memory",
    "22003": "out-of-range",
    "22P02": "type-error",
}
_CLASSES = {"22": "type-error", "23": "constraint"}


def problem_code(state: str) -> str:
    """Our word for a SQLSTATE."""
    return _CODES.get(state) or _CLASSES.get(state[:2]) or "engine-error"


def span_at(place: str | None, prefix: str, sql: str) -> Span | None:
    """From the place of an error in ``prefix + sql``, counted in characters from 1, to the end of the word there.

    >>> span_at("16", "EXPLAIN ", "SELECT a1 FROM t").of("SELECT a1 FROM t")
    'a1'
    """
    if place is None or not place.isdecimal():
        return None
    return span_of_word(sql, int(place) - 1 - len(prefix))
