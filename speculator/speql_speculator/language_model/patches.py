"""Patches of the model's that worked, applied to the texts that follow."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from speql_speculator.edits import Edit, apply_edits
from speql_speculator.language_model.judging import judged
from speql_speculator.repair import Repair
from speql_speculator.tokens import Token, tokenize
from speql_sql import Catalog, Span
from speql_sql.guard import GuardPolicy

CONTEXT = 3
"""So many words before and behind an edit say where it belongs."""

KEPT = 8


@dataclass(frozen=True, slots=True)
class _Anchored:
    """An edit by the words around it. ``before`` and ``behind`` are spellings, shorter at the ends of the text."""

    before: tuple[str, ...]
    gone: tuple[str, ...]
    behind: tuple[str, ...]
    new_text: str
    spaced: bool
    """Whether the typed text that it replaces, or stands at, began with white space."""


@dataclass(frozen=True, slots=True)
class Patch:
    """What a model changed in one text, in words instead of places."""

    edits: tuple[_Anchored, ...]
    dialect: str

    def applied(self, text: str) -> str | None:
        """``text`` with the edits whose place is found in it; None if one that replaces words has lost its place.

        An insertion that has lost its place is left out: often it stood for what the user has typed since.
        """
        tokens = tokenize(text, self.dialect)
        found: list[Edit] = []

        for edit in self.edits:
            place = _place(tokens, edit)
            if place is None:
                if edit.gone:
                    return None
                continue
            first, last = place, place + len(edit.gone)
            start = tokens[first].start if edit.gone else (tokens[first - 1].end if first else 0)
            end = tokens[last - 1].end if edit.gone else start
            if edit.gone and edit.spaced and first:
                start = tokens[first - 1].end
            found.append(Edit(Span(start, end), edit.new_text, "", ""))
        found.sort(key=lambda edit: edit.span)
        if not found or any(left.span.end > right.span.start for left, right in pairwise(found)):
            return None
        return apply_edits(text, found)


def patch_of(repaired: Repair, dialect: str) -> Patch:
    """The patch that a repair is."""
    tokens = tokenize(repaired.typed, dialect)
    return Patch(tuple(_anchored(repaired.typed, tokens, edit) for edit in repaired.edits), dialect)


class Patches:
    """The last patches that worked, the newest first, for the statements of one document."""

    def __init__(self) -> None:
        self._patches: OrderedDict[Patch, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._patches)

    def keep(self, repaired: Repair, dialect: str) -> None:
        """A repair worked."""
        patch = patch_of(repaired, dialect)
        self._patches[patch] = None
        self._patches.move_to_end(patch)
        if len(self._patches) > KEPT:
            self._patches.popitem(last=False)

    def drop(self, patch: Patch) -> None:
        """It does not bind any more."""
        self._patches.pop(patch, None)

    def candidates(
        self, typed: str, catalog: Catalog, policy: GuardPolicy, cursor: int | None
    ) -> list[tuple[Patch, tuple[Repair, ...]]]:
        """The patches that have a place in the text, each with the repairs that it leads to; none binds for certain.

        One whose place is there, but that leads to nothing that parses, is forgotten.
        """
        found = []
        for patch in list(reversed(self._patches)):
            mended = patch.applied(typed)
            if mended is None:
                continue
            repairs = judged(typed, mended, catalog, policy, cursor).repairs
            if repairs:
                found.append((patch, repairs))
            else:
                self.drop(patch)
        return found


def _spelling(token: Token) -> str:
    return token.upper if token.kind == "word" else token.text


def _anchored(text: str, tokens: Sequence[Token], edit: Edit) -> _Anchored:
    gone = [
        index for index, token in enumerate(tokens) if edit.span.start <= token.start and token.end <= edit.span.end
    ]
    first = gone[0] if gone else sum(token.end <= edit.span.start for token in tokens)
    last = gone[-1] + 1 if gone else first
    return _Anchored(
        before=tuple(_spelling(token) for token in tokens[max(first - CONTEXT, 0) : first]),
        gone=tuple(_spelling(token) for token in tokens[first:last]),
        behind=tuple(_spelling(token) for token in tokens[last : last + CONTEXT]),
        new_text=edit.new_text,
        spaced=text[edit.span.start : edit.span.start + 1].isspace(),
    )


def _place(tokens: Sequence[Token], edit: _Anchored) -> int | None:
    """Where the edit belongs: the one place with its words whose surroundings are most like those it had."""
    spellings = [_spelling(token) for token in tokens]
    size = len(edit.gone)
    best: list[tuple[int, int]] = []
    for place in range(len(spellings) - size + 1):
        if tuple(spellings[place : place + size]) != edit.gone:
            continue
        alike = _alike(spellings[max(place - CONTEXT, 0) : place][::-1], edit.before[::-1])
        behind = _alike(spellings[place + size : place + size + CONTEXT], edit.behind)
        # Words may follow that were not there, but what stood before and behind stays: at least one side entirely.
        whole = alike == len(edit.before) if edit.before else place == 0
        if whole and (edit.gone or behind == len(edit.behind)):
            best.append((alike + behind, place))
    best.sort(reverse=True)
    if not best or (len(best) > 1 and best[0][0] == best[1][0]):
        return None
    return best[0][1]


def _alike(left: Sequence[str], right: Sequence[str]) -> int:
    count = 0
    for one, other in zip(left, right, strict=False):
        if one != other:
            break
        count += 1
    return count
