"""Error-tolerant parser of operands that begin with a key word, a type or a bracket."""

from speql_speculator.parsing.calls import CallParser
from speql_speculator.parsing.grammar import fragment
from speql_speculator.parsing.keywords import CLAUSE_WORDS, TYPE_WORDS, UNIT_WORDS
from speql_speculator.parsing.syntax_tree import (
    Branch,
    Case,
    Clause,
    Expression,
    Group,
    Literal,
    Missing,
    Node,
)


class KeywordOperandParser(CallParser):
    """Reads typed values, lists and structs, names of types, INTERVAL, lambdas and CASE."""

    def typed_value(self) -> Node:
        """``STRUCT<a INT64>(1)``, ``ARRAY<STRING>['x']``."""
        first = self.position
        self.position += 1
        if not self.skip_angles():
            return Missing(first, self.position, fault=fragment("the type"))
        if self.is_mark("("):
            return self.call(first, "struct")
        if self.is_mark("["):
            node = self.bracket("[", "]")
            node.first = first
            return node
        return Missing(first, self.position, fault=fragment("the value"))

    def skip_angles(self) -> bool:
        """Skip ``<...>`` of a type. Returns whether it is closed."""
        level = 0
        while not self.at_end() and self.word not in CLAUSE_WORDS:
            if self.token.kind == "operator":
                level += self.token.text.count("<") - self.token.text.count(">")
            self.position += 1
            if level <= 0:
                return True
        return False

    def bracket(self, opening: str, closing: str) -> Node:
        """A list, subscript or struct."""
        subscript = self.position > 0 and self.adjacent(self.position) and opening == "["
        self.down()
        first = self.position
        self.position += 1
        inner: list[Node] = []
        if not self.is_mark(closing):
            items = self.items()
            inner.append(items)
            if subscript:
                self.last_commas.discard(items.separators[-1] if items.separators else -1)
                items.last_comma = -1
            if subscript and set(items.separators) == {-1}:
                # No list: an operator is still to come where the cursor is.
                for element in items.elements[1:]:
                    element.fault = element.fault or fragment(f"`{self.tokens[element.first].text}`")
        group = Group(first, self.position, inner=inner, may_be_empty=True)
        if self.word == "FOR":
            self.comprehension(group)
        group.closer = self.close(closing)
        group.last = self.position
        self.up()
        return group

    def comprehension(self, group: Group) -> None:
        """``FOR x IN list IF condition`` behind the value of a list comprehension; half of it is left out with it."""
        self.position += 1
        while (self.word and self.word != "IN") or self.is_mark(","):
            self.lambda_names.add(self.token.text.lower())
            self.position += 1
        if self.word != "IN":
            group.inner, group.fault = [], fragment("the list")
            return
        self.position += 1
        group.inner.append(self.expression())
        if self.word == "IF":
            self.position += 1
            group.inner.append(self.expression(boolean=True))

    def entries(self, *, names: bool) -> Node:
        """``{'a': 1, b: 2}``; ``names``: a word in front of a colon names a field, where that of a MAP is a column."""
        outside, self.names_depth = self.names_depth, self.depth + 2 if names else -1
        group = self.bracket("{", "}")
        self.names_depth = outside
        for items in group.children():
            for entry in items.children():
                self.pair(entry)
        return group

    def pair(self, entry: Node) -> None:
        """Hold the key of an entry and its value together; a key alone is left out."""
        if not isinstance(entry, Expression) or entry.last <= entry.first:
            return
        term = entry.terms[0]
        colons = [index for index, (start, _) in enumerate(term.operators) if self.tokens[start].text == ":"]
        if colons:
            term.least = colons[0] + 2
        elif self.dialect in _WITH_ENTRIES:
            entry.fault = entry.fault or fragment(f"`{self.tokens[entry.first].text}`")

    def type_name(self) -> Node:
        """The name of a type, with its arguments."""
        first = self.position
        if self.token.kind not in ("word", "quoted") or self.word in CLAUSE_WORDS:
            return Missing(first, first)
        known = self.word in TYPE_WORDS
        if first == self.half and not known:
            self.position += 1
            return Missing(first, self.position, fault=fragment(f"`{self.tokens[first].text}`"))
        self.position += 1
        bare = not self.is_mark("(") and self.token.text != "<"
        if (
            bare
            and self.dialect == "duckdb"
            and self.at_cursor(self.position)
            and self.tokens[first].upper in _OF_TYPES
        ):
            return Missing(first, self.position, fault=fragment("the type"))
        while self.word in ("PRECISION", "VARYING", "UNSIGNED", "LARGE", "OBJECT"):
            self.position += 1
        if self.is_mark("("):
            start = self.position
            if not self.skip_balanced():
                node = Group(first, self.position, closer=")")
                if self.position == start + 1:
                    node.fault = fragment("the type")
                return node
        if self.tokens[first].upper in ("ARRAY", "MAP", "STRUCT") and self.token.text == "<" and not self.skip_angles():
            return Missing(first, self.position, fault=fragment("the type"))
        if self.word in ("WITH", "WITHOUT") and self.ahead(1).upper == "TIME":
            self.position += 3
        while self.is_mark("[") and self.ahead(1).upper == "]":
            self.position += 2
        if self.is_mark("[") and self.position + 1 == self.gap == self.count:
            self.position += 1
            return Group(first, self.position, closer="]", may_be_empty=True)
        return Literal(first, min(self.position, self.count), constant="type")

    def interval(self) -> Node:
        """``INTERVAL 1 DAY``; ``interval`` may also be a column."""
        first = self.position
        self.position += 1
        if self.token.kind not in ("string", "number", "parameter") and not self.is_mark("("):
            if self.is_mark(".") or self.begins_operand() is False:
                # A column may be called interval.
                self.position = first
                if self.is_after_name(first) and self.gap != first + 1:
                    return self.reference()
                self.position = first + 1
                return Missing(first, first + 1)
            return Missing(first, self.position, fault=fragment("`INTERVAL`"))
        text = self.token
        inner: list[Node] = []
        if self.is_mark("("):
            inner.append(self.parenthesis(False))
        else:
            self.position += 1
        if self.word in UNIT_WORDS:
            self.position += 1
            if self.word == "TO" and self.ahead(1).upper in UNIT_WORDS:
                self.position += 2
        elif text.kind != "string" or not any(character.isalpha() or character == ":" for character in text.text[1:]):
            if self.position == self.half:
                self.position += 1
            return Missing(first, self.position, fault=fragment("`INTERVAL`"))
        return Group(first, self.position, inner=inner, may_be_empty=True)

    def is_after_name(self, first: int) -> bool:
        """Whether the word at ``first`` is used as a name: a dot or comma or the end of an expression follows."""
        after = self.tokens[first + 1]
        return first + 1 < self.count and after.kind == "punctuation"

    def python_lambda(self) -> Node:
        """``lambda x: x + 1``."""
        first = self.position
        self.position += 1
        while self.token.kind == "word" or self.is_mark(","):
            self.lambda_names.add(self.token.text.lower())
            self.position += 1
        if self.token.text == ":" or self.token.kind == "parameter":
            if self.token.kind == "operator":
                self.position += 1
            body = self.expression()
            return Group(first, self.position, inner=[body])
        return Missing(first, self.position, fault=fragment("`lambda`"))

    def case(self) -> Node:
        """A CASE expression."""
        self.down()
        case = Case(self.position, self.position)
        self.position += 1
        if self.word not in ("WHEN", "ELSE", "END") and not self.at_end():
            case.subject = self.expression()
        while self.word == "WHEN" or self.complete_word("WHEN"):
            first = self.position
            self.position += 1
            condition = self.expression(boolean=case.subject is None)
            then, value = -1, None
            if self.position == self.half and self.word and "THEN".startswith(self.word):
                condition.last = self.position
            if self.word == "THEN" or self.complete_word("THEN"):
                then = self.position
                self.position += 1
                value = self.expression()
            case.branches.append(Branch(first, self.position, condition, then, value))
            typing = self.position == self.half and bool(self.word)
            if typing and not self.complete_word("WHEN", "ELSE", "END") and self.begins_operand():
                self.skip_junk()
        if self.word == "ELSE":
            first = self.position
            self.position += 1
            case.otherwise = Clause(first, first, name="ELSE", body_first=first + 1, body=self.expression())
            case.otherwise.last = self.position
            if self.position == self.half and self.begins_operand():
                self.skip_junk()
        if self.word == "END":
            self.position += 1
            case.ended = True
        case.last = self.position
        self.up()
        return case

    def skip_junk(self) -> None:
        """A word half typed inside CASE."""
        self.strays.append(self.junk())


_OF_TYPES = ("ENUM", "MAP", "STRUCT", "UNION")
"""Types that are none without those that they are made of."""
_WITH_ENTRIES = ("duckdb", "snowflake")
"""Dialects in which braces hold nothing but keys and values; elsewhere they may be ``{d '2024-01-31'}``."""
