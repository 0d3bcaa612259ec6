"""The rest of past statements as text to come: as far as they agree, in the user's names."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from speql_speculator.predicting.alignment import Aligned
from speql_speculator.predicting.candidate import Candidate
from speql_speculator.predicting.place import Place
from speql_speculator.predicting.words import Word

_SHARPNESS = 12
"""How much more the better of two places counts: scores to this power."""

_AGREED = 0.6
"""Past statements that make up this share of the weight must go on in the same way."""

_AGREED_FURTHER = 0.8
"""The same for what is behind the first line: the longer a text, the likelier is something wrong in it."""

LEAST_SCORE = 0.6
"""Where no past statement is more like the text than this, nothing is taken from any."""

_SEVERAL_LINES = 0.8
"""A score from which on the text may be longer than the rest of a line."""

_MOST_WORDS = 120


@dataclass(slots=True)
class _Follower:
    """A past statement on its way from its place on."""

    aligned: Aligned
    weight: float
    at: int

    @property
    def word(self) -> Word | None:
        words = self.aligned.statement.words
        return words[self.at] if self.at < len(words) else None

    @property
    def gap(self) -> str:
        """What stands between the word before and this one: white space, and comments that are not taken over."""
        words, text = self.aligned.statement.words, self.aligned.statement.text
        end = words[self.at].start if self.at < len(words) else len(text)
        between = text[words[self.at - 1].end if self.at else 0 : end]
        if not between.strip():
            return between
        return "\n" if "\n" in between else " "


def past_text(place: Place, aligned: Sequence[Aligned], *, constants: bool = True) -> Candidate | None:
    """What comes next by the past statements that the text is like, or None.

    The one that is most like it leads; the others vote word by word, after their names and constants have been put in
    the place of the user's. It ends where too few agree: a constant that was another one each time is not guessed.
    Without ``constants`` none of a condition is.
    """
    able = [one for one in aligned if one.score >= LEAST_SCORE]
    if not able:
        return None
    best = able[0].score
    followers = [_Follower(one, one.score**_SHARPNESS, one.place) for one in able if one.score > best - 0.12]
    total = sum(one.weight for one in followers)
    parts: list[str] = []
    share = 1.0
    last_share = 1.0
    for _ in range(_MOST_WORDS):
        leader = followers[0]
        word = leader.word
        votes: dict[str, float] = {}
        spelled = {id(one): _spelled(one, place) for one in followers}
        for one in followers:
            votes[spelled[id(one)].lower()] = votes.get(spelled[id(one)].lower(), 0.0) + one.weight
        chosen = max(votes, key=lambda text: votes[text])
        share = votes[chosen] / total
        wanted = _AGREED_FURTHER if any("\n" in part for part in parts) else _AGREED
        if not chosen or share < wanted or (word is not None and _is_doubtful(word, followers, constants)):
            break
        if parts[-3:-2] == [spelled[id(leader)]] and parts[-1] == "=":
            return None  # a column compared with itself: the names do not fit
        followers = [one for one in followers if spelled[id(one)].lower() == chosen]
        leader = followers[0]
        gap = leader.gap
        if "\n" in gap and parts and best < _SEVERAL_LINES:
            break
        parts += (gap, spelled[id(leader)])
        last_share = min(last_share, share)
        for one in followers:
            one.at += 1
    text = fitted("".join(parts), place)
    if text is None:
        return None
    return Candidate(text, round(best * last_share, 3), "history", "As in a query that you ran before.")


def fitted(text: str, place: Place) -> str | None:
    """The text as it goes on behind what is typed: less the half word and the white space that is there already."""
    if place.half:
        bare = text.lstrip()
        if not bare.lower().startswith(place.half.lower()) or len(bare) == len(place.half):
            return None
        return bare[len(place.half) :]
    if not place.before or place.before[-1].isspace():
        text = text.lstrip()
    elif text[:1].isalnum() and (place.before[-1].isalnum() or place.before[-1] in "_$)"):
        text = " " + text
    return text if text.strip() else None


def _is_doubtful(word: Word, followers: Sequence[_Follower], constants: bool) -> bool:
    """Whether the word is a constant that only some of several past statements have, or that one key's runs changed.

    Without ``constants`` every literal is, and a new name where names were new before: branches of one statement
    are there because they differ.
    """
    if not constants:
        renamed = any(old != new.lower() for one in followers for old, new in one.aligned.names.items())
        return word.kind == "literal" or (word.kind == "alias" and renamed)
    if word.kind != "literal" or word.clause not in ("where", "having", "on", "qualify"):
        return False
    texts = {text for one in followers for text in one.aligned.statement.texts}
    if len(texts) < 2:
        return False
    values = {_constant(one) for one in followers}
    return len(values) > 1 or any(len(one.aligned.statement.texts) > 1 and _changes(one) for one in followers)


def _constant(follower: _Follower) -> str:
    word = follower.word
    return word.name if word is not None else ""


def _changes(follower: _Follower) -> bool:
    """Whether the constant at this word differs among the texts of the past statement."""
    from speql_speculator.predicting.words import read

    found = set()
    for text in follower.aligned.statement.texts:
        words = read(text).words
        if follower.at < len(words):
            found.add(words[follower.at].name)
    return len(found) > 1


def _spelled(follower: _Follower, place: Place) -> str:
    """The word as the user would write it; empty behind the last one."""
    word = follower.word
    if word is None:
        return ""
    names, qualifiers = follower.aligned.names, follower.aligned.qualifiers
    written = follower.aligned.statement.text[word.start : word.end]
    if word.kind == "literal":
        return names.get(word.name.lower(), written)
    if word.kind not in ("column", "alias"):
        return written
    name = names.get(word.name.lower(), word.name)
    if word.kind == "alias":
        head = written[: len(written) - len(word.name)] if written.lower().endswith(word.name.lower()) else ""
        return head + name if name != word.name else written
    qualifier = qualifiers.get(word.qualifier.lower(), word.qualifier)
    if (name, qualifier) == (word.name, word.qualifier):
        return written
    return f"{qualifier}.{name}" if qualifier else name


def shorter(text: str) -> Iterator[str]:
    """The text, the first half of its lines, and its first line: what may still be right where the whole is not."""
    yield text
    lines = text.split("\n")
    begin = next((at for at, line in enumerate(lines) if line.strip()), 0)
    for count in dict.fromkeys((begin + (len(lines) - begin) // 2, begin + 1)):
        if begin < count < len(lines):
            yield "\n".join(lines[:count])
