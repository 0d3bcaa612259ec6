"""Which of the user's words a repair takes away."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from speql_speculator.edits import Edit
from speql_speculator.repair import Repair
from speql_speculator.tokens import Token, tokenize

_TOLD = {
    "left-out", "unknown-alias", "unknown-column", "unknown-table", "missing-from", "not-grouped", "cannot-parse",
    "unexpected-text", "aggregate-grouped", "column-count",
}  # fmt: skip
"""Codes of what is left out and told: the problem is at the cause, as the table that nothing joins."""

_RENAMES = {"name-completed", "name-corrected", "word-completed", "alias-added"}
"""Codes of the edits that put a name in place of one that does not exist, or of the beginning of a word."""


@dataclass(frozen=True, slots=True)
class LostWords:
    """Words that are gone and are no fragment at the cursor: ``told`` are those that a problem tells the user of."""

    silently: tuple[str, ...] = ()
    told: tuple[str, ...] = ()


def lost_words(repaired: Repair, cursor: int, dialect: str = "duckdb") -> LostWords:
    """The words that a repair takes away and that are no fragment at the cursor.

    The fragment at the cursor is what is removed around it with nothing kept in between. What is removed elsewhere is
    told if a problem is at it, or names the cause: a table that is left out takes its columns with it.
    """
    tokens = tokenize(repaired.typed, dialect)
    removals = [edit for edit in repaired.edits if edit.code not in _RENAMES and edit.span.start < edit.span.end]
    silently: list[str] = []
    told: list[str] = []
    for stretch in _stretches(tokens, removals):
        start, end = stretch[0].start, stretch[-1].end
        gone = "".join(repaired.typed[cursor:start].split()) + "".join(repaired.typed[end:cursor].split())
        # A string that is opened at the cursor and closed behind it is one token of the text, but not of its repair.
        touched = any(
            edit.span.start <= cursor <= edit.span.end and edit.span.start < end and start < edit.span.end
            for edit in removals
        )
        if touched or (start <= cursor <= end) or not gone:
            continue
        explained = any(
            problem.span is not None and problem.span.start <= end and start <= problem.span.end
            for problem in repaired.problems
        ) or (
            any(problem.code in _TOLD for problem in repaired.problems)
            and any(edit.code in _TOLD and edit.span.start < end and start < edit.span.end for edit in removals)
        )
        (told if explained else silently).extend(token.text for token in stretch)
    return LostWords(tuple(silently), tuple(told))


def _stretches(tokens: Sequence[Token], removals: Sequence[Edit]) -> Iterator[list[Token]]:
    """The removed tokens, those that stand next to each other together."""

    def removed(token: Token) -> bool:
        return any(edit.span.start <= token.start and token.end <= edit.span.end for edit in removals)

    for gone, stretch in groupby(tokens, removed):
        if gone:
            yield list(stretch)
