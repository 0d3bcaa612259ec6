"""Queries in parentheses that need no repair, remembered from one keystroke to the next."""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from speql_speculator.parsing.syntax_tree import Cte, Query, Source, walk
from speql_speculator.resolving.relations import Relation
from speql_speculator.tokens import Token

REMEMBERED = 512


@dataclass(frozen=True, slots=True)
class KnownQuery:
    """What its surroundings need to know of a query that stands in parentheses, names nothing of them but CTEs, and
    that no edit changes: its ``output``, and what the tables that it reads meant, by name: a CTE's meaning, or nothing.
    """

    output: Relation
    used: tuple[tuple[str, str], ...] = ()

    def fits(self, ctes: Mapping[str, Relation]) -> bool:
        """Whether the names that it reads mean the same among these CTEs."""
        return all(meaning_of(name, ctes) == meaning for name, meaning in self.used)

    def relation(self) -> Relation:
        """Its output, a new one each time: the resolver marks relations."""
        return replace(self.output)


@dataclass(slots=True)
class KnownQueries:
    """The last few known queries of a catalog, by their text.

    Only the statement's part that has changed is parsed and resolved again: most keystrokes change one of many SELECTs.
    """

    _queries: OrderedDict[str, KnownQuery] = field(default_factory=OrderedDict)

    def find(self, text: str) -> KnownQuery | None:
        """The query of this text, if it is known."""
        return self._queries.get(text)

    def keep(self, text: str, query: KnownQuery) -> None:
        """Remember a query."""
        self._queries[text] = query
        self._queries.move_to_end(text)
        if len(self._queries) > REMEMBERED:
            self._queries.popitem(last=False)


def meaning_of(name: str, ctes: Mapping[str, Relation]) -> str | None:
    """What tells one CTE from another of the same name; empty if there is no CTE, None if that cannot be told."""
    return ctes[name].meaning if name in ctes else ""


def names_read(
    query: Query, ctes: Mapping[str, Relation], name_at: Callable[[int], str]
) -> tuple[tuple[str, str], ...] | None:
    """The names of tables that a resolved query reads, with their meanings; None if one of them cannot be told."""
    used: dict[str, str | None] = {}
    defined: set[str] = set()
    for node in walk(query):
        if isinstance(node, Query) and node.known is not None:
            used.update(node.known.used)
        elif isinstance(node, Source) and len(node.parts) == 1:
            name = name_at(node.parts[0]).lower()
            used[name] = meaning_of(name, ctes)
        elif isinstance(node, Cte):
            defined.add(name_at(node.name).lower())
    if any(name in ctes for name in defined):
        return None
    found: list[tuple[str, str]] = []
    for name, meaning in sorted(used.items(), key=lambda item: item[0]):
        if name not in defined:
            if meaning is None:
                return None
            found.append((name, meaning))
    return tuple(found)


def closing_parentheses(tokens: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """The places of each opening parenthesis and of the one that closes it."""
    opened: list[int] = []
    for index, token in enumerate(tokens):
        if token.kind == "punctuation":
            if token.upper == "(":
                opened.append(index)
            elif token.upper == ")" and opened:
                yield opened.pop(), index
