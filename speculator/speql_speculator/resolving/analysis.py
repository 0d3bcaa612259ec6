"""What one pass over a statement works on: tokens, catalog, and the findings so far."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from speql_speculator.parsing.clauses import ClauseParser
from speql_speculator.parsing.known_queries import KnownQuery
from speql_speculator.parsing.syntax_tree import Fault, Node, Query, Reference
from speql_speculator.resolving.relations import Relation, Scope, VisibleColumn
from speql_sql import Catalog, Problem, Span


@dataclass(slots=True)
class Analysis:
    """The state of one pass. ``columns`` are what references mean, by the identity of their node.

    ``outer`` are the scopes of the references that mean columns of a query around their own. ``candidates`` are queries
    that become known if nothing is repaired in them. ``unfinished`` is what the user is told only if nothing is left to
    run. ``named`` are the relations, by identity, whose names are inserted somewhere.
    """

    parser: ClauseParser
    catalog: Catalog
    problems: list[Problem] = field(default_factory=list)
    columns: dict[int, tuple[Relation | None, VisibleColumn]] = field(default_factory=dict)
    outer: dict[int, Scope] = field(default_factory=dict)
    aliased: set[int] = field(default_factory=set)
    aggregate_aliases: set[str] = field(default_factory=set)
    qualified: list[tuple[int, str]] = field(default_factory=list)
    replaced: list[tuple[int, str, str, str]] = field(default_factory=list)
    used_join_columns: list[tuple[str, str]] = field(default_factory=list)
    lost_ctes: set[str] = field(default_factory=set)
    unfinished: list[Problem] = field(default_factory=list)
    named: dict[int, Relation] = field(default_factory=dict)
    candidates: list[tuple[Query, KnownQuery]] = field(default_factory=list)
    quality: int = 3

    def text(self, node: Node) -> str:
        """The text that a node covers."""
        if node.last <= node.first:
            return ""
        tokens = self.parser.tokens
        return self.parser.text[tokens[node.first].start : tokens[node.last - 1].end]

    def text_of(self, token: int) -> str:
        """The text of a token."""
        return self.parser.tokens[token].text

    def name(self, token: int) -> str:
        """The identifier at a token."""
        return self.parser.tokens[token].name

    def span(self, node: Node) -> Span:
        """Where a node is in the text."""
        tokens = self.parser.tokens
        return Span(tokens[node.first].start, tokens[max(node.last - 1, node.first)].end)

    def touches_half(self, node: Node) -> bool:
        """Whether the word being typed is the last one of the node."""
        half = self.parser.half
        return half >= 0 and node.first <= half == node.last - 1

    def names_an_aggregate(self, reference: Reference) -> bool:
        """Whether a name is that of an output column that is an aggregate."""
        return id(reference) in self.aliased and self.name(reference.parts[0]).lower() in self.aggregate_aliases

    def report(self, node: Node, code: str, message: str, hint: str = "") -> Fault:
        """Tell the user of something that is left out. The same place is told of once."""
        span = self.span(node)
        if not any(problem.span == span and problem.code == code for problem in self.problems):
            self.problems.append(
                Problem(code, message, span, "error" if code.startswith("unknown") else "warning", hint)
            )
        return Fault(code, message + ": left out")


def local_nodes(node: Node) -> Sequence[Node]:
    """``node`` and what is below it, but queries inside it only as themselves: their names have their own scope.

    The list is kept at the node: many rules ask for it, and what stands below a node other than a query never changes.
    """
    if node.local is not None:
        return node.local
    found: list[Node] = []
    stack = [node]
    while stack:
        current = stack.pop()
        found.append(current)
        if type(current) is not Query:
            children = list(current.children())
            children.reverse()
            stack += children
    if type(node) is not Query:
        node.local = found
    return found


def local_references(node: Node) -> Iterator[Reference]:
    """The column references of a SELECT's own level below ``node``."""
    return (found for found in local_nodes(node) if isinstance(found, Reference))
