"""From what is learnt of a text to the protocol's types: inlay hints, and what a code lens says."""

from collections.abc import Iterator, Sequence

from lsprotocol import types

from speql_engines import Estimate
from speql_server.learnt import Learnt
from speql_server.settings import InlayHints
from speql_server.shown_hints import ShownHint
from speql_speculator.navigating.hints import ColumnHints, TableHint, type_labels


def queries_of(shown: Sequence[ShownHint]) -> list[str]:
    """The queries whose columns have to be known for these hints."""
    return [one.hint.sql for one in shown if isinstance(one.hint, ColumnHints)]


def inlay_hints(
    shown: Sequence[ShownHint], learnt: Learnt, version: str, setting: InlayHints, within: types.Range
) -> list[types.InlayHint]:
    """What is known now of these hints, in a range; ``version`` is the catalog's."""
    found = (
        hint
        for one in shown
        for hint in (_types(one, learnt, version) if isinstance(one.hint, ColumnHints) else _rows(one, learnt, version))
        if setting == "all" or (setting == "types") == isinstance(one.hint, ColumnHints)
    )
    return [hint for hint in found if within.start <= hint.position <= within.end]


def rows_title(rows: int) -> str:
    """A number of rows that is known.

    >>> rows_title(1), rows_title(5000)
    ('1 row', '5,000 rows')
    """
    return f"{rows:,} row{'' if rows == 1 else 's'}"


def estimate_title(estimate: Estimate) -> str:
    """The engine's guess of a size, with what is read for it."""
    return f"about {rows_title(estimate.rows)}, reads {estimate.rows_scanned:,}"


def _types(shown: ShownHint, learnt: Learnt, version: str) -> Iterator[types.InlayHint]:
    assert isinstance(shown.hint, ColumnHints), "the caller has looked"
    columns = [(column.name, column.type) for column in learnt.types(shown.hint.sql, version)]
    for number, label, full in type_labels(shown.hint.items, columns) if columns else ():
        yield types.InlayHint(shown.places[number], label, types.InlayHintKind.Type, tooltip=full or None)


def _rows(shown: ShownHint, learnt: Learnt, version: str) -> Iterator[types.InlayHint]:
    if isinstance(shown.hint, ColumnHints):
        return
    hint = shown.hint
    rows = hint.rows if isinstance(hint, TableHint) else learnt.rows(hint.defined, version)
    if rows is not None:
        yield types.InlayHint(shown.places[0], rows_title(rows), padding_left=True, padding_right=True)
