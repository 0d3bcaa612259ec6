"""Error-tolerant parser of what stands beside the name of a source: samples, versions, hints, PIVOT."""

from itertools import pairwise

from speql_speculator.parsing.expressions import ExpressionParser
from speql_speculator.parsing.grammar import fragment
from speql_speculator.parsing.keywords import (
    CLAUSE_WORDS,
    JOIN_WORDS,
    NO_BARE_ALIAS,
    RESERVED,
    SAMPLE_METHODS,
    TABLE_HINTS,
)
from speql_speculator.parsing.syntax_tree import Group, Junk, Missing, Node, Source


class SourceTailParser(ExpressionParser):
    """Reads which rows of a source are meant, and how they are read; half of that is left out."""

    def source_tails(self, source: Source) -> bool:
        """What says which rows of a source are read, and how. Returns whether there is any of it."""
        start = self.position
        while True:
            first, word, after = self.position, self.word, self.ahead(1).upper
            if word in ("TABLESAMPLE", "SAMPLE") and (word == "TABLESAMPLE" or after in SAMPLE_METHODS):
                self.sample()
            elif word in ("PIVOT", "UNPIVOT") and after in ("(", "INCLUDE", "EXCLUDE"):
                self.position = min(self.position + (1 if after == "(" else 3), self.count)
                source.pivoted = self.pivot(first) or source.pivoted
                if source.pivoted and source.parts:
                    source.call = Group(first, self.position, may_be_empty=True)
            elif after == "(" and (word in ("AT", "BEFORE", "CHANGES") or (word == "WITH" and self.is_hint(source))):
                self.position += 1
                self.tail_parenthesis(first)
            elif word == "WITH" and after == "OFFSET":
                self.position += 2
                self.tail_name()
            elif word == "AT" and source.parts and self.ahead(1).kind == "word" and self.dialect == "redshift":
                self.position += 2
            elif (word == "FOR" and after in ("SYSTEM_TIME", "SYSTEM_VERSION", "VERSION", "TIMESTAMP")) or (
                word in ("VERSION", "TIMESTAMP") and after == "AS" and self.ahead(2).upper == "OF"
            ):
                self.position += word == "FOR"
                self.version(first)
            else:
                break
            source.tail = (start, self.position)
        return self.position > start

    def is_hint(self, source: Source) -> bool:
        """Whether ``WITH (`` follows that says how a table is read, or which columns a function gives."""
        return self.ahead(2).upper in TABLE_HINTS or source.call is not None

    def version(self, first: int) -> None:
        """``VERSION AS OF 12``, ``SYSTEM_TIME BETWEEN a AND b``."""
        self.position += 1
        if self.word == "ALL":
            self.position += 1
            return
        between = {"AS": "", "FROM": "TO", "BETWEEN": "AND", "CONTAINED": ""}.get(self.word)
        if between is None:
            self.strays.append(Junk(first, self.position, fault=fragment("the version")))
            return
        self.position += 1 + (self.ahead(1).upper in ("OF", "IN"))
        complete = not isinstance(self.expression_of_tail(), Missing)
        if complete and between:
            complete = self.word == between
            self.position += complete
            complete = complete and not isinstance(self.expression_of_tail(), Missing)
        if not complete:
            self.strays.append(Junk(first, self.position, fault=fragment("the version")))

    def expression_of_tail(self) -> Node:
        """A value, and what is added to it; nothing in it names a column."""
        node = self.operand(False)
        while not isinstance(node, Missing) and self.token.text in ("+", "-"):
            self.position += 1
            node = self.operand(False)
        return node

    def tail_name(self) -> None:
        """The name behind ``WITH OFFSET``."""
        if self.word == "AS":
            self.position += 1
            if self.token.kind not in ("word", "quoted") or self.word in NO_BARE_ALIAS:
                self.strays.append(Junk(self.position - 1, self.position, fault=fragment("`AS`")))
                return
            self.position += 1
        elif self.may_be_alias():
            self.position += 1

    def pivot(self, first: int) -> bool:
        """What PIVOT does; left out from ``first`` while that is not said. Returns whether it is."""
        opening = self.position
        if self.is_mark("(") and self.skip_closed():
            tokens = self.tokens[opening : self.position]
            words = [token.upper if token.kind != "quoted" else "NAME" for token in tokens]
            known = any(
                (word, end) == ("FOR", "IN") and name not in RESERVED
                for word, name, end in zip(words, words[1:], words[2:], strict=False)
            )
            holes = {
                "()",
                "(,",
                "" if self.dialect == "duckdb" else ",)",
                ",,",
                "(FOR",
                ",FOR",
                "ASFOR",
                "AS)",
                "AS,",
                ",AS",
            }
            grouped = "GROUP" in words and words[words.index("GROUP") + 1] == "BY" and words[-2] != "BY"
            if known and (words[-2] == ")" or grouped) and not any(a + b in holes for a, b in pairwise(words)):
                return True
            self.strays.append(Junk(first, self.position, fault=fragment(f"`{self.tokens[first].text}`")))
            return False
        self.tail_parenthesis(first)
        return False

    def tail_parenthesis(self, first: int) -> None:
        """A parenthesis of which nothing is analysed; it is left out from ``first`` where it is not closed."""
        if self.skip_closed():
            return
        while not self.at_end() and self.word not in CLAUSE_WORDS | JOIN_WORDS | {"ON", "USING"}:
            self.position += 1
        self.strays.append(Junk(first, self.position, fault=fragment(f"`{self.tokens[first].text}`")))

    def sample(self) -> None:
        """``TABLESAMPLE BERNOULLI (5) SEED (42)``."""
        first = self.position
        self.position += 1
        while (self.word and self.word not in NO_BARE_ALIAS) or self.token.kind == "number" or self.token.text == "%":
            self.position += 1
        if self.is_mark("("):
            self.tail_parenthesis(first)
        elif not self.says_how_much(first):
            self.strays.append(Junk(first, self.position, fault=fragment(f"`{self.tokens[first].text}`")))
        if self.word in ("SEED", "REPEATABLE") and self.ahead(1).upper == "(":
            first = self.position
            self.position += 1
            self.tail_parenthesis(first)

    def says_how_much(self, first: int) -> bool:
        """Whether a sample that begins at the token ``first`` has a size."""
        return any(
            token.kind in ("number", "parameter") or token.upper == "(" for token in self.tokens[first : self.position]
        )
