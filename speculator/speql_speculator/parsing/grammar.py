"""What the parsers of clauses, expressions, operands and calls ask of each other."""

from speql_speculator.parsing.keywords import PIVOT_WORDS, QUERY_WORDS
from speql_speculator.parsing.syntax_tree import Clause, Expression, Fault, Items, Junk, Node, Query
from speql_speculator.parsing.token_reader import TokenReader


def fragment(what: str) -> Fault:
    """The fault of something unfinished."""
    return Fault("unfinished", f"{what} is not finished yet: left out", fragment=True)


class Grammar(TokenReader):
    """The rules that are mutually recursive, each defined by one of the parsers below, and what they all collect."""

    strays: list[Junk]
    """Tokens inside kept nodes that have to be left out."""
    lambda_names: set[str]
    """Names of lambda parameters seen so far."""
    unit_words: set[int]
    """Tokens that may be units of time rather than columns."""
    last_commas: set[int]
    """Commas at the cursor that nothing follows, where the engine takes one behind the last element."""
    names_depth = -1
    """The depth at which a word in front of a colon is the name of a field."""

    def query(self) -> Query:
        """A query expression."""
        raise NotImplementedError

    def inner_query(self) -> Query:
        """A query expression right behind its opening parenthesis."""
        raise NotImplementedError

    def expression(self, *, boolean: bool = False) -> Expression:
        """Terms with AND and OR between them."""
        raise NotImplementedError

    def items(self, *, boolean: bool = False, ordered: bool = False) -> Items:
        """A list of expressions."""
        raise NotImplementedError

    def listed(self, items: Items) -> Items:
        """A list that is read, with its last comma noted where nothing follows it and the engine takes one."""
        raise NotImplementedError

    def next_item(self, elements: list[Node], separators: list[int]) -> bool:
        """Whether another element of a list follows."""
        raise NotImplementedError

    def operand(self, boolean: bool) -> Node:
        """One operand of an expression."""
        raise NotImplementedError

    def reference(self) -> Node:
        """A column, a qualified star, or a call."""
        raise NotImplementedError

    def parenthesis(self, boolean: bool) -> Node:
        """A subquery, a row, or an expression in parentheses."""
        raise NotImplementedError

    def type_name(self) -> Node:
        """The name of a type."""
        raise NotImplementedError

    def order_by(self) -> Clause:
        """ORDER BY, wherever it stands."""
        raise NotImplementedError

    def junk(self) -> Junk:
        """One token that fits nowhere."""
        half = self.position == self.half
        text = self.token.text
        node = Junk(self.position, self.position + 1)
        node.fault = (
            fragment(f"`{text}`") if half else Fault("unexpected-text", f"`{text}` cannot stand here: left out")
        )
        self.position += 1
        return node

    def opens_query(self) -> bool:
        """Whether a query begins here, behind any number of parentheses."""
        index = self.position
        while index < self.count and self.tokens[index].upper == "(" and self.tokens[index].kind == "punctuation":
            index += 1
        token = self.tokens[index]
        if token.upper == "FROM" and index == self.gap and index > 0:
            # The cursor is right before FROM: something else is to come in front of it.
            return False
        pivots = self.dialect == "duckdb" and token.upper in PIVOT_WORDS
        return token.kind == "word" and (pivots or token.upper in QUERY_WORDS)

    def close(self, mark: str) -> str:
        """Read the closing mark, or return it where it is missing."""
        if self.is_mark(mark):
            self.position += 1
            return ""
        if mark == ")" and self.excess:
            self.excess -= 1
        return mark

    def skip_closed(self) -> bool:
        """Skip a parenthesis with all that is inside, if it is closed."""
        raise NotImplementedError

    def skip_balanced(self) -> bool:
        """Skip a parenthesis with all that is inside. Returns whether it is closed."""
        level = 0
        while not self.at_end():
            if self.is_mark("("):
                level += 1
            elif self.is_mark(")"):
                level -= 1
            self.position += 1
            if level <= 0:
                return True
        return False
