"""What may come next in the text, the likeliest first."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from speql_speculator.completing.quoting import quoted
from speql_speculator.predicting.alignment import Aligned
from speql_speculator.predicting.candidate import Candidate
from speql_speculator.predicting.clause_text import clause_text
from speql_speculator.predicting.likely_columns import LikelyColumn
from speql_speculator.predicting.own_text import align_with_itself
from speql_speculator.predicting.past_text import LEAST_SCORE, fitted, past_text
from speql_speculator.predicting.place import Place

MOST = 8


def next_tokens(
    place: Place,
    aligned: Sequence[Aligned] = (),
    columns: Sequence[LikelyColumn] = (),
    suggested: Sequence[Candidate] = (),
) -> tuple[Candidate, ...]:
    """Texts that may be put at a place, at most `MOST`, each once, the likeliest first. They need not bind.

    ``aligned`` are places in past statements, ``columns`` the likely columns of this place, ``suggested`` what a
    language model proposes. A half-typed word is completed: only texts that go on with it are among the answers.
    """
    found: dict[str, Candidate] = {}
    for candidate in (*_from_history(place, aligned), *clause_text(place), *suggested, *_completed(place, columns)):
        text = candidate.text.rstrip()
        before = found.get(text)
        if text and (before is None or before.score < candidate.score):
            found[text] = Candidate(text, candidate.score, candidate.source, candidate.reason)
    return tuple(sorted(found.values(), key=lambda candidate: -candidate.score)[:MOST])


def _from_history(place: Place, aligned: Sequence[Aligned]) -> Iterator[Candidate]:
    candidate = past_text(place, aligned)
    if candidate is not None:
        yield candidate
    if aligned and aligned[0].score >= LEAST_SCORE:
        return  # a past statement knows better where this one goes on
    own = align_with_itself(place)
    candidate = past_text(place, [own], constants=False) if own is not None else None
    if candidate is not None:
        yield replace(candidate, source="rules", reason="As earlier in this statement.")


def _completed(place: Place, columns: Sequence[LikelyColumn]) -> Iterator[Candidate]:
    """The rest of a half-typed column name, if one column is much likelier than all others."""
    if not place.half_name or place.scope.clause != "expression" or not columns:
        return
    first, second = columns[0].score, columns[1].score if len(columns) > 1 else 0.0
    qualifier = f"{place.half_qualifier}." if place.half_qualifier else ""
    text = fitted(qualifier + quoted(columns[0].name, place.catalog.dialect), place)
    if text is not None and first > 2 * second:
        yield Candidate(
            text,
            round(min(first * 0.9, 0.75), 3),
            "rules",
            f"The likeliest column of that beginning: {columns[0].name}.",
        )
