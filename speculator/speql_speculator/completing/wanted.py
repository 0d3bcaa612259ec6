"""Whether a name is what a word that is being typed may become."""

import re

_WORD = re.compile(r"[^\W\d_]+|\d+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SUBSTRING = 3
"""A word of so many letters is looked for in the middle of names, too."""


class Wanted:
    """The word at the cursor. Letter case does not count.

    A name that fits a word fits each beginning of that word, too, but for the middle of names: ``left_out`` gets true
    when a name is refused that a longer word may fit, so that the list of what fits is not the last word on it.
    """

    def __init__(self, prefix: str) -> None:
        self.word = prefix.lower()
        self.left_out = False

    def rank(self, name: str) -> int | None:
        """How well a name fits: 0 begins with the word, 1 has a word that does, 2 has its letters at the beginnings of
        words or behind each other, 3 has it in its middle; None does not fit.

        >>> [Wanted("dd").rank(name) for name in ("ddl", "dep_delay", "carrier")], Wanted("del").rank("dep_delay")
        ([0, 2, None], 1)
        """
        word = self.word
        folded = name.lower()
        if folded.startswith(word):
            return 0
        at = folded.find(word)
        if at < 0:
            return 2 if self._jumps(name) else None
        while at >= 0:
            if not folded[at - 1].isalnum() or (name[at].isupper() and name[at - 1].islower()):
                return 1
            at = folded.find(word, at + 1)
        if len(word) >= _SUBSTRING:
            return 3
        if self._jumps(name):
            return 2
        self.left_out = True
        return None

    def _jumps(self, name: str) -> bool:
        """Whether the letters are in the name in their order, each at a word's beginning or behind the one before."""
        word = self.word
        if len(word) < 2 or len(name) > 200:
            return False
        parts = [part.lower() for part in _WORD.findall(_CAMEL.sub("_", name))]
        return len(parts) > 1 and _spelled(word, parts)


def _spelled(word: str, parts: list[str]) -> bool:
    """Whether a word is made of beginnings of parts, in their order."""
    if not word:
        return True
    for at, part in enumerate(parts):
        length = 0
        while length < min(len(word), len(part)) and word[length] == part[length]:
            length += 1
            if _spelled(word[length:], parts[at + 1 :]):
                return True
    return False
