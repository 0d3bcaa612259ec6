"""The statements of a document, with exact ranges."""

from bisect import bisect_right
from collections.abc import Sequence

from speql_speculator.statement_scan import Scan, Statement, scan_statements

__all__ = ["Statement", "split_statements", "statement_at"]


def split_statements(text: str, dialect: str = "duckdb") -> tuple[Statement, ...]:
    """The statements of ``text`` in order; never raises, linear time. A fragment at the end is a statement too.

    Statements end at a ``;``, also at one inside open parentheses: an unfinished statement must not swallow the next.
    Where the ``;`` is still missing, a SELECT or WITH at the start of a line begins a new statement if it cannot go on
    the one before (no set operator and no parenthesis asks for it).

    The last few long texts are remembered: of one that was edited only the edited part is read again.

    >>> [statement.text for statement in split_statements("select ';' ; select (2")]
    ["select ';'", 'select (2']
    """
    if not _LEAST_REMEMBERED <= len(text) <= _MOST_REMEMBERED:
        return scan_statements(text, dialect).statements
    recent = _memory.recent
    for known in recent:
        if known.dialect == dialect and known.text == text:
            return known.statements
    found = scan_statements(text, dialect, _version_before(text, dialect, recent))
    # A tuple is replaced, never changed: threads that read it meanwhile see the one before.
    _memory.recent = (found, *recent[: _REMEMBERED - 1])
    return found.statements


def statement_at(statements: Sequence[Statement], offset: int) -> Statement | None:
    """The statement at the cursor, or the nearest one before it; the first one if the cursor is before all of them."""
    if not statements:
        return None
    return statements[max(bisect_right(statements, offset, key=_start) - 1, 0)]


_REMEMBERED = 6
_LEAST_REMEMBERED = 2_000
"""Shorter texts are read as quickly as they are compared."""

_MOST_REMEMBERED = 2_000_000


class _Memory:
    """The newest scans, the last one first."""

    recent: tuple[Scan, ...] = ()


_memory = _Memory()


def _version_before(text: str, dialect: str, recent: tuple[Scan, ...]) -> Scan | None:
    """The scan of what is probably this text before it was edited: one that begins and ends like it."""
    for known in recent:
        if known.dialect != dialect or abs(len(known.text) - len(text)) > len(text) // 2:
            continue
        if known.text[:_LOOK] == text[:_LOOK] or known.text[-_LOOK:] == text[-_LOOK:]:
            return known
    return None


_LOOK = 200


def _start(statement: Statement) -> int:
    return statement.span.start
