"""The tokens of a statement by parentheses: all the structure that a text always has, also when it does not parse."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from speql_speculator.tokens import Token


@dataclass
class Group:
    """A parenthesis (or the whole statement) and what is in it. ``end`` is where the closing one starts."""

    start: int
    end: int
    items: "list[Token | Group]" = field(default_factory=list)

    def holds(self, place: int) -> bool:
        """Whether a cursor at the place is inside."""
        return self.start < place <= self.end


Items = Sequence["Token | Group"]


def grouped(tokens: Sequence[Token]) -> Group:
    """The tokens in their parentheses; one that is not closed goes on to the end of the statement, and beyond."""
    far = (tokens[-1].end if tokens else 0) + 1_000_000_000
    root = Group(-1, far)
    stack = [root]
    for token in tokens:
        if token.upper == "(" and token.kind == "punctuation":
            group = Group(token.start, far)
            stack[-1].items.append(group)
            stack.append(group)
        elif token.upper == ")" and token.kind == "punctuation":
            if len(stack) > 1:
                stack.pop().end = token.start
        else:
            stack[-1].items.append(token)
    return root


def path_to(root: Group, place: int) -> list[Group]:
    """The groups that hold the place, the outermost first."""
    path = [root]
    while True:
        inner = next((item for item in path[-1].items if isinstance(item, Group) and item.holds(place)), None)
        if inner is None:
            return path
        path.append(inner)


def word_of(item: "Token | Group") -> str:
    """The keyword that an item may be, folded; empty for everything else."""
    return item.upper if isinstance(item, Token) and item.kind == "word" else ""


def is_text(item: "Token | Group", text: str) -> bool:
    """Whether the item is this punctuation or operator."""
    return isinstance(item, Token) and item.kind in ("punctuation", "operator") and item.text == text


def words(text: str) -> frozenset[str]:
    """A set of keywords."""
    return frozenset(text.split())
