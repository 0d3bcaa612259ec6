"""What stands between the tokens of a statement: white space and comments."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from speql_speculator.tokens import Token

_LINE_BREAK = re.compile(r"[\r\n]")
_EMPTY_LINE = re.compile(r"(\r\n|\r(?!\n)|\n)[^\S\r\n]*(\r\n|\r|\n)")


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment, and whether a line break stands right before and right behind it."""

    text: str
    block: bool
    breaks_before: bool
    breaks_after: bool

    @property
    def takes_a_line(self) -> bool:
        """Whether what follows it, or itself, has to begin a line."""
        return not self.block or self.breaks_before or self.breaks_after or _LINE_BREAK.search(self.text) is not None


@dataclass(frozen=True, slots=True)
class Gap:
    """What is before a token. ``glued``: nothing; ``empty_line``: an empty line is in it."""

    glued: bool = False
    comments: tuple[Comment, ...] = ()
    empty_line: bool = False

    @property
    def breaks(self) -> bool:
        """Whether the comments in it ask for a line break."""
        return any(comment.takes_a_line for comment in self.comments)


def read_gaps(text: str, tokens_and_comments: Sequence[Token]) -> tuple[list[Token], list[Gap]]:
    """The tokens of a statement and the gap before each of them.

    A comment that ends the line before a comma goes behind the comma: commas end lines, they do not begin them.
    """
    tokens: list[Token] = []
    gaps: list[Gap] = []
    waiting: list[Token] = []
    end = 0
    for token in tokens_and_comments:
        if token.kind == "comment":
            waiting.append(token)
            continue
        gaps.append(_gap(text, end, token.start, waiting) if tokens else Gap(True))
        tokens.append(token)
        end, waiting = token.end, []
    for index, token in enumerate(tokens[:-1]):
        if token.upper == "," and token.kind == "punctuation" and any(not one.block for one in gaps[index].comments):
            moved, behind = gaps[index].comments, gaps[index + 1]
            gaps[index] = Gap(True)
            gaps[index + 1] = replace(behind, glued=False, comments=(*moved, *behind.comments))
    return tokens, gaps


def _gap(text: str, start: int, end: int, found: Sequence[Token]) -> Gap:
    comments: list[Comment] = []
    edges = [start, *(edge for comment in found for edge in (comment.start, comment.end)), end]
    spaces = [text[edges[place] : edges[place + 1]] for place in range(0, len(edges), 2)]
    for number, comment in enumerate(found):
        block = comment.text.startswith("/*")
        before = _LINE_BREAK.search(spaces[number]) is not None
        after = not block or _LINE_BREAK.search(spaces[number + 1]) is not None
        comments.append(Comment(comment.text.rstrip(), block, before, after))
    empty = any(_EMPTY_LINE.search(space) is not None for space in spaces)
    return Gap(start == end, tuple(comments), empty)
