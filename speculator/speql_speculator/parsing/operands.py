"""Error-tolerant parser of operands: columns, constants, parentheses, CASE."""

from speql_speculator.parsing.grammar import fragment
from speql_speculator.parsing.keyword_operands import KeywordOperandParser
from speql_speculator.parsing.keywords import CLAUSE_WORDS, CONSTANT_WORDS, JOIN_WORDS, RESERVED, TYPE_WORDS
from speql_speculator.parsing.syntax_tree import (
    Call,
    Clause,
    Expression,
    Fault,
    Group,
    Items,
    Junk,
    Literal,
    Missing,
    Nested,
    Node,
    Reference,
    Star,
)


class OperandParser(KeywordOperandParser):
    """Reads one operand, or nothing where none begins."""

    def operand(self, boolean: bool) -> Node:
        """One operand, or :class:`Missing` where none begins."""
        token = self.token
        first = self.position
        if self.depth == self.names_depth and token.kind in ("word", "quoted") and self.ahead(1).text == ":":
            self.position += 1
            return Literal(first, self.position)
        if token.kind == "operator" and token.text in ("-", "+", "~", "@"):
            self.position += 1
            self.down()
            node = self.operand(False)
            self.up()
            if isinstance(node, Missing):
                node.last = max(node.last, self.position)
            node.first = first
            return node
        if token.kind == "operator" and token.text in ("*", "**"):
            self.position += 1
            if self.word == "COLUMNS" and self.ahead(1).upper == "(" and self.dialect == "duckdb":
                # What it finds, as arguments.
                node = self.reference()
                node.first = first
                return node
            if not self.may_be_star(first):
                return Missing(first, self.position, fault=fragment("`*`"))
            return self.star_tail(Star(first, self.position))
        if token.text == "?" and token.kind == "parameter" and self.dialect in ("postgres", "redshift"):
            return Missing(first, first)
        if token.kind in ("string", "number", "parameter"):
            self.position += 1
            if token.kind == "number" and first == self.half and not token.text[-1].isdigit():
                return Literal(first, self.position)
            if token.kind == "number" and self.word and self.adjacent(self.position):
                # ``1e`` on the way to ``1e6``.
                self.position += 1
                return Missing(first, self.position, fault=fragment(f"`{token.text}`"))
            return Literal(first, self.position, constant=token.kind)
        if token.text == "#" and self.ahead(1).kind == "number" and self.adjacent(first + 1):
            # A column by its number.
            self.position += 2
            return Literal(first, self.position, constant="number")
        if token.upper == "(" and token.kind == "punctuation":
            return self.parenthesis(boolean)
        if token.upper == "[" and token.kind == "punctuation":
            return self.bracket("[", "]")
        if token.upper == "{" and token.kind == "punctuation":
            return self.entries(names=True)
        if token.kind == "quoted":
            return self.reference()
        if token.kind == "word":
            return self.word_operand(boolean)
        if token.upper == "." and token.kind == "punctuation":
            return self.nameless_part()
        if first and (self.tokens[first - 1].text, token.text) in _OPEN_ENDS:
            return Literal(first, first)
        return Missing(first, first)

    def nameless_part(self) -> Node:
        """A dot with nothing before it, and the names that follow it: the name before it is still to come."""
        first = self.position
        while self.is_mark("."):
            self.position += 1
            if (self.token.kind in ("word", "quoted") or self.token.text == "*") and self.adjacent(self.position):
                self.position += 1
        if self.is_mark("("):
            self.skip_balanced()
        text = "".join(token.text for token in self.tokens[first : self.position])
        at_cursor = first in (self.gap, self.gap - 1) or self.half in (first - 1, first)
        fault = fragment(f"`{text}`") if at_cursor else Fault("unexpected-text", f"`{text}` has no name: left out")
        return Missing(first, self.position, fault=fault)

    def may_be_star(self, index: int) -> bool:
        """Whether a star at ``index`` stands where one may: in a SELECT list, or as the argument of a function."""
        before = self.tokens[index - 1] if index else self.tokens[self.count]
        if index == self.list_start:
            return True
        if before.upper == "(" and before.kind == "punctuation":
            function = self.tokens[index - 2]
            if self.begins_operand() and self.word not in _AFTER_A_STAR:
                # ``sum( * price)``: its left side is gone.
                return False
            return index > 1 and function.kind in ("word", "quoted") and function.upper not in RESERVED
        return before.upper in ("SELECT", "DISTINCT", "ALL", ",") or (before.upper == ")" and self.depth <= 3)

    def word_operand(self, boolean: bool) -> Node:
        """An operand that begins with a word."""
        first = self.position
        word = self.word
        after = self.ahead(1)
        opens = after.kind == "punctuation" and after.upper == "("
        if word == "CASE":
            return self.case()
        if word == "NOT":
            self.position += 1
            self.down()
            node = self.operand(boolean)
            self.up()
            if isinstance(node, Missing):
                node.last = max(node.last, self.position)
            node.first = first
            return node
        if (
            word == "EXISTS"
            and opens
            and self.ahead(2).kind in ("word", "quoted")
            and self.ahead(3).upper in (",", ".")
        ):
            # Whether an element of an array satisfies a lambda.
            return self.reference()
        if word == "EXISTS" and opens:
            self.position += 1
            node = self.parenthesis(False)
            node.first = first
            if isinstance(node, Nested):
                node.exists = True
            else:
                node.fault = fragment("`EXISTS (`")
            return node
        if word == "INTERVAL":
            return self.interval()
        if word == "LAMBDA":
            return self.python_lambda()
        if word in CONSTANT_WORDS and not opens and not (after.kind == "punctuation" and after.upper == "."):
            self.position += 1
            return Literal(first, self.position, constant="word")
        if word in TYPE_WORDS and after.kind == "string":
            self.position += 2
            return Literal(first, self.position, constant="typed")
        if word == "ARRAY" and after.upper == "[":
            self.position += 1
            node = self.bracket("[", "]")
            node.first = first
            return node
        if word == "MAP" and after.upper == "{":
            self.position += 1
            node = self.entries(names=False)
            node.first = first
            return node
        if word in ("ALL", "ANY", "SOME", "ARRAY") and opens:
            self.position += 1
            node = self.parenthesis(False)
            node.first = first
            if word == "ARRAY" and self.dialect == "duckdb" and not isinstance(node, Nested):
                node.fault = fragment("`ARRAY (`")
            return node
        if word in ("ARRAY", "STRUCT") and after.text in ("<", "<>"):
            return self.typed_value()
        if word == "APPROXIMATE" and after.kind == "word" and self.ahead(2).upper == "(":
            self.position += 1
            node = self.reference()
            node.first = first
            return node
        if word == "OFFSET" and opens and first and self.tokens[first - 1].upper == "[":
            return self.reference()
        if word in RESERVED and word not in ("CAST",):
            return Missing(first, first)
        named = opens or (after.upper == "." and after.kind == "punctuation") or word.lower() in self.lambda_names
        if word in JOIN_WORDS and not named:
            return Missing(first, first)
        if word == "GROUPING" and after.upper == "SETS":
            self.position += 2
            if self.is_mark("("):
                node = self.parenthesis(False)
                node.first = first
                if isinstance(node, Group):
                    node.sets = True
                return node
            return Missing(first, self.position)
        return self.reference()

    def reference(self) -> Node:
        """A column, a qualified star, or a call."""
        first = self.position
        parts = [first]
        self.position += 1
        dangling = False
        while self.is_mark(".") and (self.adjacent(self.position) or self.position - 1 != self.half):
            dot = self.position
            self.position += 1
            token = self.token
            if token.kind == "operator" and token.text == "*":
                if self.tokens[dot].end == self.cursor and not self.adjacent(self.position):
                    # ``sum(l. * l.price)``: a column is still to come.
                    dangling = True
                    break
                self.position += 1
                return self.star_tail(Star(first, self.position, qualifier=parts[-1]))
            staged = token.kind == "parameter" and token.text[0] == "$"
            named = (staged or token.kind in ("word", "quoted")) and (
                self.adjacent(self.position)
                or (
                    not self.is_qualifier(self.position)
                    and token.upper not in RESERVED | JOIN_WORDS
                    and self.tokens[dot].end != self.cursor
                )
            )
            if not named:
                dangling = True
                break
            parts.append(self.position)
            self.position += 1
        if not dangling and self.is_mark("("):
            call = self.call(first, self.tokens[parts[-1]].name.lower(), method=len(parts) > 1)
            if isinstance(call, Call) and call.method and self.dialect == "duckdb":
                call.receiver = Reference(first, parts[-1] - 1, parts=parts[:-1], receiver=True)
            return call
        return Reference(first, self.position, parts=parts, dangling=dangling)

    def is_qualifier(self, index: int) -> bool:
        """Whether the name at ``index`` has a dot right behind it."""
        return index + 1 < self.count and self.tokens[index + 1].upper == "." and self.adjacent(index + 1)

    def star_tail(self, star: Star) -> Node:
        """EXCLUDE, REPLACE and RENAME after a star."""
        while self.word in _AFTER_A_STAR and (
            self.ahead(1).upper == "(" or (self.word == "EXCLUDE" and self.begins_name(1))
        ):
            first, word = self.position, self.word
            self.position += 1
            if self.is_mark("(") and word in ("EXCLUDE", "EXCEPT"):
                self.position += 1
                tail = Clause(first, self.position, name=word, body_first=self.position, body=self.column_names())
                tail.closer = self.close(")")
                tail.last = self.position
                star.tails.append(tail)
            elif not self.is_mark("("):
                self.position += 1
            elif not self.skip_closed() or not self.says_names(first):
                while not self.at_end() and self.word not in CLAUSE_WORDS:
                    self.position += 1
                self.strays.append(Junk(first, self.position, fault=fragment(f"`{self.tokens[first].text}`")))
                break
            star.plain = False
            star.last = self.position
        if self.word in ("EXCLUDE", "REPLACE", "RENAME"):
            # A star has no alias: the columns are still to come.
            stray = self.junk()
            if self.at_cursor(self.position):
                stray.fault = fragment(f"`{self.tokens[stray.first].text}`")
            self.strays.append(stray)
        return star

    def begins_name(self, ahead: int) -> bool:
        """Whether the token ``ahead`` may be the name of a column."""
        token = self.ahead(ahead)
        return token.kind == "quoted" or (token.kind == "word" and token.upper not in RESERVED)

    def says_names(self, first: int) -> bool:
        """Whether each part of the REPLACE or RENAME that begins at the token ``first`` says its name."""
        parts: list[list[str]] = [[]]
        level = 0
        for token in self.tokens[first + 2 : self.position - 1]:
            level += (token.upper in ("(", "[", "{")) - (token.upper in (")", "]", "}"))
            if token.upper == "," and not level:
                parts.append([])
            else:
                parts[-1].append(token.upper)
        if len(parts) > 1 and not parts[-1] and self.dialect == "duckdb":
            parts.pop()  # DuckDB takes a comma behind the last one
        optional = self.dialect == "bigquery"
        return all(len(part) > 1 and part[-1] != "AS" and (part[-2] == "AS" or optional) for part in parts)

    def column_names(self) -> Items:
        """Names of columns with commas between them, up to what is none."""
        items = Items(self.position, self.position)
        while self.token.kind in ("word", "quoted") and self.word not in CLAUSE_WORDS and self.ahead(1).upper != "(":
            name = self.reference()
            if isinstance(name, Reference):
                name.left_of_star = True
            items.elements.append(name)
            items.last = self.position
            following = self.ahead(1)
            named = following.kind in ("word", "quoted") and self.ahead(2).upper != "("
            if not self.is_mark(",") or not (named or following.upper == ")"):
                break
            items.separators.append(self.position)
            self.position += 1
        if len(items.elements) == len(items.separators):
            items.elements.append(Missing(self.position, self.position))
        return self.listed(items)

    def parenthesis(self, boolean: bool) -> Node:
        """A subquery, a row, or an expression in parentheses."""
        first = self.position
        if self.skip_lambda_names():
            return Literal(first, self.position)
        self.down()
        self.position += 1
        node: Node
        if self.opens_query():
            query = self.inner_query()
            nested = Nested(first, self.position, query=query)
            nested.closer = self.close(")")
            node = nested
        else:
            inner: list[Node] = []
            empty = self.is_mark(")")
            before = self.tokens[first - 1] if first else self.token
            # Elsewhere its function has no name yet.
            may_be_empty = empty and before.kind != "operator" and before.upper not in ("AND", "OR", "WHERE", "ON")
            if not empty:
                items = self.items(boolean=boolean)
                inner.append(items)
                for element in items.elements if len(items.elements) > 1 else ():
                    if isinstance(element, Expression) and -1 not in items.separators:
                        element.boolean = False  # a row
                if first and self.tokens[first - 1].upper != "IN" and set(items.separators) == {-1}:
                    # No list: an operator is still to come where the cursor is.
                    for element in items.elements[1:]:
                        if element.first == self.gap:
                            element.fault = element.fault or fragment(f"`{self.tokens[element.first].text}`")
            group = Group(first, self.position, inner=inner, may_be_empty=may_be_empty)
            group.closer = self.close(")")
            node = group
        node.last = self.position
        self.up()
        return node

    def skip_lambda_names(self) -> bool:
        """Skip ``(a, b)`` in front of ``->``: they name no columns."""
        index = self.position + 1
        names = [self.tokens[index].name.lower()]
        while index + 1 < self.count and self.tokens[index].kind == "word" and self.tokens[index + 1].upper == ",":
            index += 2
            names.append(self.tokens[index].name.lower())
        ends = [token.text for token in self.tokens[index + 1 : index + 3]]
        if len(names) < 2 or self.tokens[index].kind != "word" or ends != [")", "->"]:
            return False
        self.lambda_names.update(names)
        self.position = index + 2
        return True


_OPEN_ENDS = (("[", ":"), (":", "]"), (":", ":"))
"""Tokens between which nothing has to stand: the ends of a slice, as in ``l[1:]``."""

_AFTER_A_STAR = ("EXCLUDE", "EXCEPT", "REPLACE", "RENAME")
