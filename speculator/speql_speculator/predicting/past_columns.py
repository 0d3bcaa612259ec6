"""Columns that come next in past statements, where the text so far leaves off in them."""

from collections.abc import Iterator, Sequence

from speql_speculator.predicting.alignment import Aligned
from speql_speculator.predicting.words import Clause, Word

_LOOKED_AT = 10
"""So many columns behind the place are looked at."""

_FADE = 0.86
"""The chance of a column falls by this with each different one before it."""

_SHARPNESS = 10
"""How much more the better of two places counts: scores to this power."""


def past_columns(aligned: Sequence[Aligned]) -> dict[str, float]:
    """Folded names of columns and the chance, 0 to 1, that they are used soon, by what came next in past statements."""
    weights = [one.score**_SHARPNESS for one in aligned]
    total = sum(weights)
    if not total:
        return {}
    found: dict[str, float] = {}
    for one, weight in zip(aligned, weights, strict=True):
        for rank, name in enumerate(_next_columns(one)):
            found[name] = found.get(name, 0.0) + weight / total * _FADE**rank
    sure = max(one.score for one in aligned)
    return {name: chance * sure for name, chance in found.items()}


def columns_by_role(aligned: Sequence[Aligned], role: Clause) -> dict[str, float]:
    """Folded names of the columns that similar statements use in a clause, with the share of them that do."""
    found: dict[str, float] = {}
    statements = {one.statement.key: one.statement for one in aligned}
    for statement in statements.values():
        for name in {word.shape for word in statement.words if word.kind == "column" and word.clause == role}:
            found[name] = found.get(name, 0.0) + 1 / len(statements)
    return found


def _next_columns(aligned: Aligned) -> Iterator[str]:
    seen: set[str] = set()
    for word in aligned.statement.words[aligned.place :]:
        if word.kind != "column":
            continue
        name = _mapped(word, aligned)
        if name not in seen:
            seen.add(name)
            yield name
            if len(seen) >= _LOOKED_AT:
                return


def _mapped(word: Word, aligned: Aligned) -> str:
    return aligned.names.get(word.shape, word.shape).lower()
