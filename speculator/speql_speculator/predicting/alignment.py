"""Where in a past statement the text so far is, and which names of the one stand for which of the other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from speql_speculator.predicting.history import DEPTHS, Neighbour, PastStatement, state_code
from speql_speculator.predicting.words import Reading, Word

_REACH = 28
"""So many words before the cursor are compared."""

_FADE = 0.9
"""A word counts so much of what the one behind it counts."""

_SHIFTED = 0.6
"""A word that is found one or two places off (something was put in or left out) counts so much."""

_WALKED = 160
"""So many words back names are matched."""

_IMPORTANCE = {"column": 2.0, "table": 2.0, "call": 1.2, "keyword": 1.0, "mark": 0.5, "literal": 0.3, "alias": 0.3}


@dataclass(frozen=True, slots=True)
class Aligned:
    """A place in a past statement: ``place`` is the index of its word that would come next.

    ``score`` is between 0 and 1; ``names`` says, by folded name or literal of the past statement, what the user wrote
    in its place, ``qualifiers`` the same for what stands before a dot.
    """

    statement: PastStatement
    place: int
    score: float
    names: Mapping[str, str]
    qualifiers: Mapping[str, str]


def align(reading: Reading, neighbours: Sequence[Neighbour], count: int = 6) -> list[Aligned]:
    """The best places for a text so far, at most two a past statement, the best first.

    A place is good if the words before it are those before the cursor, near ones counting most; if clause and depth
    of parentheses agree; if as much of the statement lies before it; and if the statement is like the text.
    """
    pasts = [neighbour for neighbour in neighbours if neighbour.statement.words]
    if not pasts:
        return []
    numbers: dict[str, int] = {}
    codes = [coded(words, numbers) for words in (reading.words, *(one.statement.words for one in pasts))]
    local = local_scores(codes[0], codes[1:], weights_of(reading.words))
    state = np.array([state_code(reading.clause, reading.depth)])
    found: list[tuple[float, PastStatement, int]] = []
    for neighbour, near in zip(pasts, local, strict=True):
        past = neighbour.statement
        here = (past.states == state) * 0.5 + (past.states // DEPTHS == state // DEPTHS) * 0.5
        before = len(reading.words)
        consumed = np.exp(-np.abs(np.arange(len(here)) - before) / (0.25 * before + 6))
        scores = 0.55 * near + 0.15 * here + 0.12 * consumed + 0.18 * max(neighbour.similarity, 0.0)
        found += ((float(scores[place]), past, int(place)) for place in np.argsort(-scores)[:2])
    found.sort(key=lambda one: -one[0])
    return [
        Aligned(past, place, min(score, 1.0), *matched_names(reading.words, past.words, place))
        for score, past, place in found[:count]
    ]


def coded(words: Sequence[Word], numbers: dict[str, int]) -> npt.NDArray[np.int32]:
    """Words as numbers, equal where their shapes are; ``numbers`` are those given so far. Shape (len(words),)."""
    return np.fromiter((numbers.setdefault(word.shape, len(numbers)) for word in words), np.int32, len(words))


def weights_of(words: Sequence[Word]) -> npt.NDArray[np.float32]:
    """How much each word before the cursor counts, the nearest first."""
    near = words[-_REACH:][::-1]
    return np.array([_IMPORTANCE[word.kind] * _FADE**back for back, word in enumerate(near)], dtype=np.float32)


def local_scores(
    codes: npt.NDArray[np.int32], pasts: Sequence[npt.NDArray[np.int32]], weights: npt.NDArray[np.float32]
) -> list[npt.NDArray[np.float32]]:
    """For each place of each of ``pasts`` (0 to its length) how much of what is before it is before the cursor: 0 to 1.

    All statements lie in one array with gaps between them, so that a word is looked for in all of them at once.
    """
    reach = len(weights)
    gap = reach + 3
    starts: list[int] = []
    size = gap
    for past in pasts:
        starts.append(size)
        size += len(past) + gap
    row = np.full(size, -2, dtype=np.int32)
    for start, past in zip(starts, pasts, strict=True):
        row[start : start + len(past)] = past
    total = np.zeros(size, dtype=np.float32)
    for back in range(reach):
        code = codes[len(codes) - 1 - back]
        same = np.asarray(row == code, dtype=np.float32)
        hit = _moved(same, back + 1)
        for shift in (-2, -1, 1, 2) if back > 1 else ():
            hit = np.maximum(hit, _SHIFTED * _moved(same, back + 1 + shift))
        total += weights[back] * hit
    total /= weights.sum() or 1.0
    found = [total[start : start + len(past) + 1] for start, past in zip(starts, pasts, strict=True)]
    if not reach:
        for one in found:
            one[0] = 1.0  # nothing is written yet: what comes next is the beginning
    return found


def _moved(row: npt.NDArray[np.float32], by: int) -> npt.NDArray[np.float32]:
    """The row moved to the right."""
    found = np.zeros_like(row)
    found[by:] = row[:-by]
    return found


def matched_names(words: Sequence[Word], past: Sequence[Word], place: int) -> tuple[dict[str, str], dict[str, str]]:
    """Walk back from the place through both statements; where they differ in a name only, one stands for the other."""
    names: dict[str, str] = {}
    qualifiers: dict[str, str] = {}
    here, there = len(words) - 1, place - 1
    for _ in range(_WALKED):
        if here < 0 or there < 0:
            break
        mine, theirs = words[here], past[there]
        alike = mine.kind == theirs.kind and mine.kind in ("column", "alias", "literal", "table")
        if mine.shape != theirs.shape and not (alike and _agree(words, past, here - 1, there - 1)):
            step = _resynchronised(words, past, here, there)
            if step is None:
                if not alike:
                    break
                step = (1, 1)
            here, there = here - step[0], there - step[1]
            continue
        if alike and theirs.name and mine.kind != "table":
            names.setdefault(theirs.name.lower(), mine.name)
            if mine.kind == "alias" and mine.clause == "from" and theirs.clause == "from":
                qualifiers.setdefault(theirs.name.lower(), mine.name)
            if mine.kind == "column" and theirs.qualifier:
                qualifiers.setdefault(theirs.qualifier.lower(), mine.qualifier)
        here, there = here - 1, there - 1
    return names, qualifiers


def _agree(words: Sequence[Word], past: Sequence[Word], here: int, there: int) -> bool:
    return here < 0 or there < 0 or words[here].shape == past[there].shape


def _resynchronised(words: Sequence[Word], past: Sequence[Word], here: int, there: int) -> tuple[int, int] | None:
    """How many words to skip in each until they agree again for two words; None if they do not soon."""
    for distance in range(1, 9):
        for mine in range(distance + 1):
            a, b = here - mine, there - (distance - mine)
            if a < 1 or b < 1:
                continue
            if words[a].shape == past[b].shape and words[a - 1].shape == past[b - 1].shape:
                return mine, distance - mine
    return None
