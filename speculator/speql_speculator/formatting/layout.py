"""The tokens of a statement on lines: where lines break, what fits on one, and the text that comes of it."""

from bisect import bisect_right, insort
from collections.abc import Sequence
from itertools import accumulate

from speql_speculator.formatting.gaps import Comment, Gap
from speql_speculator.formatting.style import Style
from speql_speculator.tokens import Token


class Layout:
    """Decides nothing itself: `break_before` is told where lines break, `fits` answers from what was told so far.

    ``words`` are the tokens as they are written, ``flat`` what stands before each of them on a line that goes on.
    """

    def __init__(
        self, tokens: Sequence[Token], gaps: Sequence[Gap], words: Sequence[str], flat: Sequence[str], style: Style
    ) -> None:
        self.tokens = tokens
        self.style = style
        self._gaps = gaps
        self._words = words
        self._flat = [_with_comments(tokens, gaps, flat, index) for index in range(len(tokens))]
        widths = (len(space) + len(word) for space, word in zip(self._flat, words, strict=True))
        self._ends = list(accumulate(widths))
        # Counts the gaps up to each token that cannot be on one line.
        self._forced = list(accumulate((int(gap.breaks) for gap in gaps), initial=0))
        self._levels: dict[int, int] = {0: 0}
        self._breaks = [0]
        self._spaced: set[int] = set()

    def break_before(self, token: int, level: int, *, may_be_empty: bool = False) -> None:
        """Begin a line with a token; ``may_be_empty``: an empty line that was typed before it stays."""
        if token >= len(self.tokens):
            return
        if token not in self._levels:
            insort(self._breaks, token)
        self._levels[token] = level
        if may_be_empty:
            self._spaced.add(token)

    def width(self, first: int, last: int) -> int:
        """How long the tokens from ``first`` up to ``last`` are on one line."""
        return self._ends[last - 1] - self._ends[first] + len(self._words[first]) if last > first else 0

    def fits(self, first: int, last: int) -> bool:
        """Whether the tokens fit on the line that the first of them is on, with a comma or parenthesis behind them."""
        if last <= first:
            return True
        if self._forced[last] - self._forced[first + 1]:
            return False
        end = last
        while end < len(self.tokens) and self.tokens[end].upper in (",", ")", "]", "}"):
            end += 1
        return self._column(first) + self.width(first, end) <= self.style.width

    def level(self, token: int) -> int:
        """The level of the line that a token is on."""
        return self._levels[self._line(token)]

    def begins_line(self, token: int) -> bool:
        """Whether a line begins with a token."""
        return token in self._levels

    def gaps(self) -> list[str]:
        """What stands before each token."""
        found = [""]
        level, hangs = 0, False
        for index in range(1, len(self.tokens)):
            gap = self._gaps[index]
            if index in self._levels:
                level, hangs = self._levels[index], False
            elif gap.breaks:
                # A comment is where no line would break: what follows hangs below.
                level, hangs = (level if hangs else level + 1), True
            else:
                found.append(self._flat[index])
                continue
            found.append(self._broken(index, gap, level))
        return found

    def _line(self, token: int) -> int:
        return self._breaks[bisect_right(self._breaks, token) - 1]

    def _column(self, token: int) -> int:
        begins = self._line(token)
        return self._levels[begins] * self.style.tab_size + self.width(begins, token + 1) - len(self._words[token])

    def _broken(self, index: int, gap: Gap, level: int) -> str:
        """A line break before a token, with the comments on their lines."""
        closes = self.tokens[index].text in (")", "]", "}")
        empty = gap.empty_line and index in self._spaced
        parts: list[str] = []
        fresh = True

        def new_line(at: int) -> None:
            nonlocal empty
            parts.append("\n\n" if empty else "\n")
            parts.append(self.style.indentation(at))
            empty = False

        for number, comment in enumerate(gap.comments):
            begins = comment.breaks_before or not _ends_line(comment)
            begins = begins or (number > 0 and _ends_line(gap.comments[number - 1]))
            if begins:
                new_line(level + closes)
            else:
                parts.append(" ")
            parts.append(comment.text)
            fresh = _ends_line(comment)
        if fresh:
            new_line(level)
        else:
            parts.append(" ")
        return "".join(parts)


def _ends_line(comment: Comment) -> bool:
    return not comment.block or comment.breaks_after


def _with_comments(tokens: Sequence[Token], gaps: Sequence[Gap], flat: Sequence[str], index: int) -> str:
    """What stands before a token on a line that goes on, with the comments that may be on it."""
    comments = gaps[index].comments
    if not comments or gaps[index].breaks:
        return flat[index]
    left = "" if tokens[index - 1].text in ("(", "[", "{") else " "
    right = "" if tokens[index].text in (",", ")", "]", "}") else " "
    return left + " ".join(comment.text for comment in comments) + right
