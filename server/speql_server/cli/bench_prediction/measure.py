"""Types a query place by place and compares what is predicted with what comes."""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from speql_speculator.parsing.keywords import CLAUSE_WORDS
from speql_speculator.predicting.ghost_text import ghost_texts
from speql_speculator.predicting.history import History
from speql_speculator.predicting.likely_columns import align_with_history, likely_columns
from speql_speculator.predicting.place import place_at
from speql_speculator.predicting.proposals import proposals
from speql_speculator.predicting.words import Word, read
from speql_speculator.tokens import tokenize
from speql_sql import Catalog

FIRST = 5
"""So many predicted columns count."""

_BOUNDARIES = frozenset(CLAUSE_WORDS - {"WITH"} | {"ON", "JOIN"})


@dataclass
class Figures:
    """What was counted. Seconds are per prediction; characters do not count white space."""

    places: int = 0
    shares: float = 0.0
    shares_of_five: float = 0.0
    columns: int = 0
    columns_found: int = 0
    by_clause: dict[str, tuple[int, float]] = field(default_factory=dict)
    characters: int = 0
    characters_accepted: int = 0
    characters_by_word: int = 0
    shown: int = 0
    right: int = 0
    by_source: dict[str, tuple[int, int]] = field(default_factory=dict)
    asked: int = 0
    next_tokens_right: int = 0
    column_seconds: list[float] = field(default_factory=list)
    text_seconds: list[float] = field(default_factory=list)


def places_of(text: str, words: Sequence[Word]) -> list[int]:
    """Where predictions are asked for: behind each line's end, and in front of each clause."""
    lines = {index + 1 for index, character in enumerate(text) if character == "\n"}
    return sorted(lines | {word.start for word in words if word.kind == "keyword" and word.shape in _BOUNDARIES})


def columns_used_next(words: Sequence[Word], places: Sequence[int], at: int, end: int) -> list[str]:
    """The columns used between place number ``at`` and the next place behind any, each once and in order."""
    start = places[at]
    for stop in (*places[at + 1 :], end):
        found = list(dict.fromkeys(w.shape for w in words if w.kind == "column" and start <= w.start < stop))
        if found:
            return found
    return []


def measure_columns(text: str, catalog: Catalog, history: History, figures: Figures) -> None:
    """Count, at each place of a query, how many of the columns used next are among the first five predicted."""
    words = read(text, catalog.dialect).words
    places = places_of(text, words)
    for at, cut in enumerate(places):
        wanted = columns_used_next(words, places, at, len(text))[:FIRST]
        if not wanted:
            continue
        began = time.perf_counter()
        place = place_at(text[:cut], cut, catalog)
        if place is None:
            continue
        found = [one.name.lower() for one in likely_columns(place, align_with_history(place, history))[:FIRST]]
        figures.column_seconds.append(time.perf_counter() - began)
        share = sum(name in found for name in wanted) / len(wanted)
        five = list(dict.fromkeys(w.shape for w in words if w.kind == "column" and w.start >= cut))[:FIRST]
        figures.places += 1
        figures.shares += share
        figures.shares_of_five += sum(name in found for name in five) / len(five)
        figures.columns += len(wanted)
        figures.columns_found += sum(name in found for name in wanted)
        count, total = figures.by_clause.get(place.reading.clause, (0, 0.0))
        figures.by_clause[place.reading.clause] = (count + 1, total + share)


async def measure_text(
    text: str,
    catalog: Catalog,
    history: History,
    binds: Callable[[str], Awaitable[bool]],
    figures: Figures,
) -> None:
    """Type a query and take each ghost text that is wholly right; count what was shown, right and saved."""
    places = places_of(text, read(text, catalog.dialect).words)
    figures.characters += _length(text)
    typed = 0
    for cut in places:
        if cut < typed or not text[cut:].strip():
            continue
        began = time.perf_counter()
        candidates = proposals(text[:cut], cut, catalog, history).candidates
        shown = None
        for ghost in ghost_texts(text[:cut], cut, candidates, catalog):
            if await binds(ghost.sql):
                shown = ghost
                break
        figures.text_seconds.append(time.perf_counter() - began)
        figures.asked += 1
        if candidates:
            figures.next_tokens_right += _agreed(candidates[0].text, text[cut:], catalog.dialect, 1) > 0
        if shown is None:
            continue
        agreed = _agreed(shown.text, text[cut:], catalog.dialect)
        right = agreed == len(tokenize(shown.text, catalog.dialect))
        length = _prefix_length(shown.text, agreed, catalog.dialect)
        figures.shown += 1
        figures.right += right
        count, total = figures.by_source.get(shown.source, (0, 0))
        figures.by_source[shown.source] = (count + 1, total + right)
        figures.characters_by_word += length
        if right:
            figures.characters_accepted += length
        if agreed:
            typed = cut + tokenize(text[cut:], catalog.dialect)[agreed - 1].end


def _agreed(piece: str, rest: str, dialect: str, most: int | None = None) -> int:
    """How many tokens of the piece, from its start, are those that follow, letter case ignored."""
    count = 0
    for proposed, real in zip(tokenize(piece, dialect)[:most], tokenize(rest, dialect), strict=False):
        if proposed.text.lower() != real.text.lower():
            break
        count += 1
    return count


def _prefix_length(piece: str, tokens: int, dialect: str) -> int:
    return sum(len(token.text) for token in tokenize(piece, dialect)[:tokens])


def _length(text: str) -> int:
    return sum(not character.isspace() for character in text)
