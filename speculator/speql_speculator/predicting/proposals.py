"""All that is predicted for one place of a statement, from one look at it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from speql_speculator.predicting.candidate import Candidate
from speql_speculator.predicting.history import History
from speql_speculator.predicting.likely_columns import LikelyColumn, align_with_history, likely_columns
from speql_speculator.predicting.next_tokens import next_tokens
from speql_speculator.predicting.place import Place, place_at, word_finished
from speql_sql import Catalog


@dataclass(frozen=True, slots=True)
class Proposals:
    """``columns`` that are likely next and ``candidates`` for the text behind the cursor, the likeliest first."""

    columns: tuple[LikelyColumn, ...] = ()
    candidates: tuple[Candidate, ...] = ()


def proposals(
    text: str,
    cursor: int,
    catalog: Catalog,
    history: History,
    suggested_columns: Mapping[str, float] | None = None,
    suggested_texts: Sequence[Candidate] = (),
) -> Proposals:
    """What is likely to come at a cursor of one statement's text; nothing in strings, comments and numbers.

    The word that the cursor touches may be half of another one or finished: both are looked at where both can be.
    ``suggested_columns`` and ``suggested_texts`` are a language model's.
    """
    half = place_at(text, cursor, catalog)
    if half is None or not text[:cursor].strip():
        return Proposals()
    aligned = align_with_history(half, history)
    columns = likely_columns(half, aligned, suggested_columns)
    found = next_tokens(half, aligned, columns, suggested_texts)
    whole = word_finished(half)
    if whole is not None:
        found += _behind_word(whole, history)
    return Proposals(columns, tuple(sorted(found, key=lambda candidate: -candidate.score)))


def _behind_word(place: Place, history: History) -> tuple[Candidate, ...]:
    """What may follow a word that is finished: not the rest of a longer one."""
    found = next_tokens(place, align_with_history(place, history))
    return tuple(candidate for candidate in found if not (candidate.text[0].isalnum() or candidate.text[0] in "_$."))
