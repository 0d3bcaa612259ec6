"""A change of a statement that the user may choose."""

from dataclasses import dataclass
from typing import Literal

from speql_speculator.edits import Edit
from speql_sql import Span

ActionKind = Literal["quickfix", "refactor.rewrite", "refactor.extract", "refactor.inline"]


@dataclass(frozen=True, slots=True)
class Action:
    """``edits`` in the order of the text. ``fixes`` are codes of the problems that it mends.

    ``same_rows``: it is meant to change no row, no name and no type of the result of ``statement``, which it is in.
    """

    title: str
    kind: ActionKind
    edits: tuple[Edit, ...]
    fixes: tuple[str, ...] = ()
    same_rows: bool = True
    statement: Span = Span(0, 0)  # noqa: RUF009 - it is frozen
