"""Which of the texts that may come next is shown at the cursor: one that keeps its promise, or none."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from speql_speculator.edits import glues
from speql_speculator.predicting.candidate import Candidate
from speql_speculator.predicting.past_text import shorter
from speql_speculator.predicting.words import read
from speql_speculator.repair import Repair, repair
from speql_sql import Catalog
from speql_sql.guard import GuardPolicy, speculation_problems

LEAST_SCORE = 0.45
"""What is less likely than this is not shown: a wrong proposal costs more attention than a right one saves."""

_MOST_TRIES = 4
"""So many texts are put in and repaired: each costs as much as the analysis of a keystroke."""

_LOOKED_AT_BEHIND = 12
"""So many words behind the cursor are looked for in a candidate."""

_BAD = frozenset(
    {
        "cannot-parse",
        "left-out",
        "missing-from",
        "name-completed",
        "name-corrected",
        "nested-aggregate",
        "not-grouped",
        "qualified",
        "table-inferred",
        "unexpected-text",
        "unfinished",
        "unknown-alias",
        "unknown-column",
        "unknown-table",
        "wrong-type",
    }
)
"""Codes of edits that mean that the text is no good as it stands, unless it was so before."""


@dataclass(frozen=True, slots=True)
class GhostText:
    """``text`` to show behind the cursor, if the engine binds ``sql``, which is the whole statement with it.

    ``sql`` differs from the typed text and ``text`` only in what closes and finishes what is still open around them.
    """

    text: str
    sql: str
    score: float
    source: str
    reason: str


def ghost_texts(text: str, cursor: int, candidates: Sequence[Candidate], catalog: Catalog) -> Iterator[GhostText]:
    """The candidates that may be shown at the cursor of a statement's text if they bind, the likeliest first.

    A candidate is cut back to a beginning that parses: put into the text, a repair must find nothing to change in it,
    and no more to complain of elsewhere than without it. What already stands behind the cursor is not said again. The
    read-only guard has to accept the whole. Few are tried: each costs a repair.
    """
    behind = text[cursor:]
    if not candidates or candidates[0].score < LEAST_SCORE:
        return
    known = _complaints(repair(text, catalog, cursor), catalog)
    tries = 0
    for candidate in candidates:
        if candidate.score < LEAST_SCORE:
            return
        for piece in shorter(_without_what_follows(candidate.text, behind, catalog.dialect).rstrip()):
            if not piece.strip() or tries >= _MOST_TRIES:
                break
            tries += 1
            sql = _finished(text, cursor, piece, known, catalog)
            if sql is not None:
                yield GhostText(piece, sql, candidate.score, candidate.source, candidate.reason)
                break


def first_that_binds(candidates: Iterator[GhostText], binds: Callable[[str], bool]) -> GhostText | None:
    """The first text whose statement ``binds`` on the engine (EXPLAIN accepts it), or None."""
    return next((candidate for candidate in candidates if binds(candidate.sql)), None)


def _finished(text: str, cursor: int, piece: str, known: frozenset[str], catalog: Catalog) -> str | None:
    """The statement with the piece in it, closed where it is open; None if the piece does not fit."""
    following = text[cursor : cursor + 1]
    if following == "." or glues(piece[-1:], following):
        return None
    whole = text[:cursor] + piece + text[cursor:]
    end = cursor + len(piece)
    found = repair(whole, catalog, end)
    if found.sql is None or found.query is None:
        return None
    if any(edit.span.start < end and edit.span.end > cursor for edit in found.edits):
        return None
    if any(cursor < edit.span.start < end for edit in found.edits) or not _complaints(found, catalog) <= known:
        return None
    return found.sql


def _complaints(found: Repair, catalog: Catalog) -> frozenset[str]:
    """What is wrong with a repaired text: codes of edits that repair more than an end, and those of the guard."""
    codes = {edit.code for edit in found.edits if edit.code in _BAD}
    if found.query is not None:
        codes |= {problem.code for problem in speculation_problems(found.query, GuardPolicy.for_catalog(catalog))}
    return frozenset(codes)


def _without_what_follows(piece: str, behind: str, dialect: str) -> str:
    """The piece up to where it begins to say what stands behind the cursor already; nothing if it only says that."""
    following = [word.shape for word in read(behind, dialect).words[:_LOOKED_AT_BEHIND]]
    if not following or not behind.strip():
        return piece
    words = read(piece, dialect).words
    shapes = [word.shape for word in words]
    for index in range(len(shapes)):
        length = min(len(shapes) - index, len(following))
        if shapes[index : index + length] == following[:length]:
            return piece[: words[index].start]
    return piece
