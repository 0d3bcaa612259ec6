"""Error-tolerant parser of expressions: tokens to the nodes of syntax_tree."""

from functools import lru_cache

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect

from speql_speculator.keywords import (
    AGGREGATES,
    BOOLEAN_FUNCTIONS,
    CLAUSE_WORDS,
    COMPARISONS,
    CONSTANT_WORDS,
    JOIN_WORDS,
    NO_ARGUMENTS,
    QUERY_WORDS,
    RESERVED,
    TEXT_FUNCTIONS,
    TYPE_WORDS,
    UNIT_WORDS,
    WINDOW_ONLY,
)
from speql_speculator.syntax_tree import (
    Branch,
    Call,
    Case,
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
    Query,
    Reference,
    Star,
    Term,
    Window,
)
from speql_speculator.token_reader import TokenReader


def fragment(what: str) -> Fault:
    """The fault of something unfinished."""
    return Fault("unfinished", f"{what} is not finished yet: left out", fragment=True)


class ExpressionParser(TokenReader):
    """Reads one expression, however broken, and never goes past the clause that it is in."""

    def query(self) -> Query:
        """A query expression; defined by the parser of clauses."""
        raise NotImplementedError

    # -- lists -------------------------------------------------------------------------------------------------------

    def items(self, one: "type[Node] | None" = None, *, boolean: bool = False, ordered: bool = False) -> Items:
        """A list of expressions separated by commas, up to what cannot belong to it."""
        first = self.position
        elements: list[Node] = []
        separators: list[int] = []
        while True:
            elements.append(self.ordered_item() if ordered else self.argument(boolean))
            if not self.next_item(elements, separators):
                break
        return Items(first, self.position, elements=elements, separators=separators)

    def next_item(self, elements: list[Node], separators: list[int]) -> bool:
        """Whether another element follows; a word half typed is skipped, a missing comma is noted."""
        while True:
            if self.is_mark(","):
                if self.begins_cte(1):
                    return False
                separators.append(self.position)
                self.position += 1
                if self.excess and self.position == self.gap and not self.at_end() and self.depth:
                    # The parenthesis is open and the cursor is behind the comma: what follows is outside.
                    elements.append(Missing(self.position, self.position))
                    return False
                return True
            if not self.begins_operand() or self.word in JOIN_WORDS or self.ends_list():
                return False
            if isinstance(elements[-1], Missing):
                return False
            separators.append(-1)
            if self.position == self.half:
                elements.append(self.junk())
                continue
            return True

    def ends_list(self) -> bool:
        """Whether a word that could be a name is rather what follows a list: a frame, IGNORE NULLS."""
        after = self.ahead(1).upper
        return (self.word in ("ROWS", "RANGE", "GROUPS") and after not in (",", ".", ")")) or (
            self.word in ("IGNORE", "RESPECT") and after == "NULLS"
        )

    def begins_cte(self, ahead: int) -> bool:
        """Whether ``name AS (SELECT`` follows: the next CTE, while a parenthesis of the one before is open."""
        name, marker, mark, word = (self.ahead(ahead + step) for step in range(4))
        return (
            name.kind in ("word", "quoted")
            and marker.upper == "AS"
            and mark.upper == "("
            and word.upper in ("SELECT", "WITH")
            and self.depth > 0
        )

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

    def argument(self, boolean: bool = False) -> Node:
        """An element of a list: an expression, or nothing yet."""
        expression = self.expression(boolean=boolean)
        return expression

    def ordered_item(self) -> Node:
        """An element of ORDER BY: an expression with ASC, DESC, NULLS FIRST and LAST."""
        first = self.position
        expression = self.expression()
        inner: list[Node] = [expression]
        if self.word in ("ASC", "DESC"):
            self.position += 1
        elif self.word == "USING" and self.ahead(1).kind == "operator":
            self.position += 2
        if self.word == "NULLS":
            if self.ahead(1).upper in ("FIRST", "LAST"):
                self.position += 2
            else:
                inner.append(Junk(self.position, self.position + 1, fault=fragment("`NULLS`")))
                self.position += 1
        if self.position == self.half and self.begins_operand():
            inner.append(self.junk())
        return Group(first, self.position, inner=inner)

    # -- expressions -------------------------------------------------------------------------------------------------

    def expression(self, *, boolean: bool = False) -> Expression:
        """Terms with AND and OR between them."""
        self.down()
        first = self.position
        terms: list[Term] = []
        connectors: list[int] = []
        while True:
            terms.append(self.term(boolean))
            if self.word in ("AND", "OR") or (boolean and self.complete_word("AND", "OR")):
                if self.excess and self.position == self.gap and self.depth > 1 and self.closes_here():
                    break
                connectors.append(self.position)
                self.position += 1
                continue
            if boolean and self.token.text in COMPARISONS and terms[-1].comparison:
                # A comparison of a comparison: the beginning of the second one is missing.
                connectors.append(-1)
                continue
            if boolean and self.begins_operand() and self.word not in JOIN_WORDS and terms[-1].last > terms[-1].first:
                if self.position == self.half:
                    if self.complete_word(*_CLAUSE_STARTS):
                        break
                    junk = self.junk()
                    terms.append(Term(junk.first, junk.last, fault=junk.fault))
                    connectors.append(-1)
                    if self.word in ("AND", "OR"):
                        connectors.append(self.position)
                        self.position += 1
                        continue
                    if not self.begins_operand() or self.word in JOIN_WORDS:
                        break
                connectors.append(-1)
                continue
            break
        self.up()
        return Expression(first, self.position, terms=terms, connectors=connectors, boolean=boolean)

    def closes_here(self) -> bool:
        """Whether an open parenthesis of a call or list should be closed at the cursor."""
        return False

    def term(self, boolean: bool) -> Term:
        """Operands with operators between them, up to AND, OR or the end of the expression."""
        first = self.position
        while self.word == "NOT":
            self.position += 1
        prefix = self.position - first
        term = Term(first, first, prefix=prefix)
        term.operands.append(self.operand(boolean))
        self.in_boolean = boolean
        while self.operator(term):
            self.in_boolean = boolean
        term.last = self.position
        return term

    def operator(self, term: Term) -> bool:
        """Read one operator and its right operand, if one follows."""
        token = self.token
        start = self.position
        if token.kind == "operator" and token.text not in ("\\", "`", "$", "?"):
            if token.text in (":=", "=>"):
                return False
            self.position += 1
            if token.text == "::":
                self.add_operand(term, start, self.type_name())
                return True
            if token.text in COMPARISONS:
                if term.comparison and self.in_boolean:
                    self.position -= 1
                    return False
                term.comparison = True
            if token.text == "->" and term.operands and isinstance(term.operands[-1], Reference):
                self.lambda_names.update(self.tokens[part].name.lower() for part in term.operands[-1].parts)
            self.add_operand(term, start, self.operand(False))
            return True
        if token.kind == "punctuation":
            if token.upper == "[" and not isinstance(term.operands[-1], Missing):
                self.add_operand(term, start, self.bracket("[", "]"), empty=True)
                return True
            if token.upper == "." and isinstance(term.operands[-1], (Call, Group, Nested, Literal)):
                self.position += 1
                if self.token.kind in ("word", "quoted") and self.adjacent(self.position):
                    self.position += 1
                    if self.is_mark("("):
                        self.add_operand(term, start, self.call(self.position - 1, ""), empty=False)
                    else:
                        self.add_operand(term, start, Literal(self.position - 1, self.position))
                else:
                    self.add_operand(term, start, Missing(self.position, self.position))
                return True
            return False
        return self.word_operator(term)

    def add_operand(self, term: Term, start: int, operand: Node, *, empty: bool = False) -> None:
        """Append an operator that begins at ``start`` and its operand."""
        term.operators.append((start, start if empty else operand.first))
        term.operands.append(operand)

    def word_operator(self, term: Term) -> bool:
        """Operators that are words: IS, IN, LIKE, BETWEEN, AT TIME ZONE and so on."""
        start = self.position
        word = self.word
        if not word:
            return False
        if word == "NOT":
            if self.ahead(1).upper not in _AFTER_NOT:
                if self.ahead(1).kind == "end" or self.position + 1 == self.half:
                    self.position += 1 + (self.position + 1 == self.half)
                    term.unfinished = term.comparison = True
                    return False
                return False
            self.position += 1
            word = self.word
        if word == "IS":
            return self.is_test(term, start)
        if word in ("ISNULL", "NOTNULL"):
            self.position += 1
            self.add_operand(term, start, Literal(start, self.position))
            term.comparison = True
            return True
        if word in ("IN", "LIKE", "ILIKE", "GLOB", "SIMILAR", "RLIKE", "REGEXP", "OVERLAPS"):
            self.position += 1
            term.comparison = True
            if word == "SIMILAR":
                if self.word != "TO":
                    term.unfinished = True
                    return False
                self.position += 1
            if word != "IN" and self.word in ("ANY", "ALL"):
                self.position += 1
            operand = self.operand(False)
            if word == "IN" and isinstance(operand, Group) and operand.may_be_empty:
                operand.may_be_empty = False
            self.add_operand(term, start, operand)
            return True
        if word == "BETWEEN":
            return self.between(term, start)
        if word in ("ESCAPE", "COLLATE", "DIV"):
            self.position += 1
            self.add_operand(term, start, self.operand(False))
            return True
        if word == "AT":
            if self.ahead(1).upper == "TIME" and self.ahead(2).upper == "ZONE":
                self.position += 3
                self.add_operand(term, start, self.operand(False))
                return True
            if self.ahead(1).kind == "end" or self.ahead(1).upper == "TIME":
                self.position += 2 if self.ahead(1).upper == "TIME" else 1
                self.add_operand(term, start, Missing(self.position, self.position))
                return True
        return False

    def is_test(self, term: Term, start: int) -> bool:
        self.position += 1
        term.comparison = True
        if self.word == "NOT":
            self.position += 1
        if self.word == "DISTINCT":
            if self.ahead(1).upper == "FROM":
                self.position += 2
                self.add_operand(term, start, self.operand(False))
                return True
            self.position += 1
            self.add_operand(term, start, Missing(self.position, self.position))
            return True
        if self.word in ("NULL", "TRUE", "FALSE", "UNKNOWN", "JSON"):
            self.position += 1
            term.operators.append((start, self.position - 1))
            term.operands.append(Literal(self.position - 1, self.position))
            return True
        if self.position == self.half or (self.begins_operand() and self.word not in CLAUSE_WORDS):
            self.position += self.position == self.half
        self.add_operand(term, start, Missing(self.position, self.position))
        return True

    def between(self, term: Term, start: int) -> bool:
        self.position += 1
        term.comparison = True
        if self.word in ("SYMMETRIC", "ASYMMETRIC"):
            self.position += 1
        for final in (False, True):
            self.add_operand(term, start, self.operand(False))
            while self.arithmetic() and self.operator(term):
                pass
            if final:
                return True
            start = self.position
            if self.word != "AND":
                if self.position == self.half and "AND".startswith(self.word or "-"):
                    self.position += 1
                term.unfinished = True
                return False
            self.position += 1
        return True

    def arithmetic(self) -> bool:
        """Whether the next token is an operator that binds tighter than BETWEEN's AND."""
        token = self.token
        if token.kind == "operator":
            return token.text not in COMPARISONS
        return token.upper in ("[", "AT") or (token.upper == "." and token.kind == "punctuation")

    # -- operands ----------------------------------------------------------------------------------------------------

    def operand(self, boolean: bool) -> Node:
        """One operand, or :class:`Missing` where none begins."""
        token = self.token
        first = self.position
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
            if not self.may_be_star(first):
                return Missing(first, self.position, fault=fragment("`*`"))
            return self.star_tail(Star(first, self.position))
        if token.kind in ("string", "number", "parameter"):
            self.position += 1
            if token.kind == "number" and first == self.half and not token.text[-1].isdigit():
                return Literal(first, self.position)
            if token.kind == "number" and self.word and self.adjacent(self.position):
                # ``1e`` on the way to ``1e6``.
                self.position += 1
                return Missing(first, self.position, fault=fragment(f"`{token.text}`"))
            return Literal(first, self.position, constant=token.kind)
        if token.upper == "(" and token.kind == "punctuation":
            return self.parenthesis(boolean)
        if token.upper == "[" and token.kind == "punctuation":
            return self.bracket("[", "]")
        if token.upper == "{" and token.kind == "punctuation":
            return self.bracket("{", "}")
        if token.kind == "quoted":
            return self.reference()
        if token.kind == "word":
            return self.word_operand(boolean)
        return Missing(first, first)

    def may_be_star(self, index: int) -> bool:
        """Whether a star at ``index`` stands where one may: in a SELECT list, or as the argument of a function."""
        before = self.tokens[index - 1] if index else self.tokens[self.count]
        if before.upper == "(" and before.kind == "punctuation":
            function = self.tokens[index - 2]
            return index > 1 and function.kind in ("word", "quoted") and function.upper not in RESERVED
        return before.upper in ("SELECT", "DISTINCT", "ALL", ",") or (before.upper == ")" and self.depth <= 3)

    def word_operand(self, boolean: bool) -> Node:
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
            node = self.bracket("{", "}")
            node.first = first
            return node
        if word in ("ALL", "ANY", "SOME", "ARRAY") and opens:
            self.position += 1
            node = self.parenthesis(False)
            node.first = first
            return node
        if word in RESERVED and word not in ("CAST",):
            return Missing(first, first)
        if word in JOIN_WORDS and not opens and not (after.upper == "." and after.kind == "punctuation"):
            return Missing(first, first)
        if word == "GROUPING" and after.upper == "SETS":
            self.position += 2
            if self.is_mark("("):
                node = self.parenthesis(False)
                node.first = first
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
                self.position += 1
                return self.star_tail(Star(first, self.position, qualifier=parts[-1]))
            named = token.kind in ("word", "quoted") and (
                self.adjacent(self.position)
                or (token.upper not in RESERVED | JOIN_WORDS and not self.tokens[dot].end == self.cursor)
            )
            if not named:
                dangling = True
                break
            parts.append(self.position)
            self.position += 1
        if not dangling and self.is_mark("("):
            return self.call(first, self.tokens[parts[-1]].name.lower())
        return Reference(first, self.position, parts=parts, dangling=dangling)

    def star_tail(self, star: Star) -> Node:
        """EXCLUDE, REPLACE and RENAME after a star."""
        while self.word in ("EXCLUDE", "REPLACE", "RENAME", "EXCEPT") and (
            self.ahead(1).upper == "(" or (self.word == "EXCLUDE" and self.ahead(1).kind in ("word", "quoted"))
        ):
            self.position += 1
            if self.is_mark("("):
                self.skip_balanced()
            else:
                self.position += 1
            star.plain = False
            star.last = self.position
        return star

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

    def parenthesis(self, boolean: bool) -> Node:
        """A subquery, a row, or an expression in parentheses."""
        self.down()
        first = self.position
        self.position += 1
        node: Node
        if self.opens_query():
            query = self.query()
            nested = Nested(first, self.position, query=query)
            nested.closer = self.close(")")
            node = nested
        else:
            inner: list[Node] = []
            empty = self.is_mark(")")
            if not empty:
                inner.append(self.items(boolean=boolean))
            group = Group(first, self.position, inner=inner, may_be_empty=empty)
            group.closer = self.close(")")
            node = group
        node.last = self.position
        self.up()
        return node

    def opens_query(self) -> bool:
        """Whether a query begins here, behind any number of parentheses."""
        index = self.position
        while index < self.count and self.tokens[index].upper == "(" and self.tokens[index].kind == "punctuation":
            index += 1
        token = self.tokens[index]
        return token.kind == "word" and token.upper in QUERY_WORDS

    def bracket(self, opening: str, closing: str) -> Node:
        """A list, subscript or struct."""
        self.down()
        first = self.position
        self.position += 1
        inner: list[Node] = []
        if not self.is_mark(closing):
            inner.append(self.items())
        group = Group(first, self.position, inner=inner, may_be_empty=True)
        if self.word == "FOR":
            # A list comprehension: kept as it is.
            while not self.at_end() and not self.is_mark(closing):
                self.position += 1
            group.inner = []
        group.closer = self.close(closing)
        group.last = self.position
        self.up()
        return group

    def close(self, mark: str) -> str:
        """Read the closing mark, or return it where it is missing."""
        if self.is_mark(mark):
            self.position += 1
            return ""
        if mark == ")" and self.excess:
            self.excess -= 1
        return mark

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
        while self.word in ("PRECISION", "VARYING", "UNSIGNED", "LARGE", "OBJECT"):
            self.position += 1
        if self.is_mark("("):
            start = self.position
            if not self.skip_balanced():
                node = Group(first, self.position, closer=")")
                if self.position == start + 1:
                    node.fault = fragment("the type")
                return node
        if self.word in ("WITH", "WITHOUT") and self.ahead(1).upper == "TIME":
            self.position += 3
        while self.is_mark("[") and self.ahead(1).upper == "]":
            self.position += 2
        return Literal(first, min(self.position, self.count), constant="type")

    def interval(self) -> Node:
        first = self.position
        self.position += 1
        if self.token.kind not in ("string", "number", "parameter") and not self.is_mark("("):
            if self.is_mark(".") or self.begins_operand() is False:
                # A column may be called interval.
                self.position = first
                return self.reference() if self.is_after_name(first) else Missing(first, first + self.skip_one(first))
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

    def skip_one(self, first: int) -> int:
        self.position = first + 1
        return 1

    def python_lambda(self) -> Node:
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

    @property
    def lambda_names(self) -> set[str]:
        """Names of lambda parameters seen so far."""
        return self._lambda_names

    _lambda_names: set[str]
    unit_words: set[int]
    in_boolean = False

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
            if self.position == self.half and self.word and not self.complete_word("WHEN", "ELSE", "END"):
                if self.begins_operand():
                    self.skip_junk(case)
        if self.word == "ELSE":
            first = self.position
            self.position += 1
            case.otherwise = Clause(first, first, name="ELSE", body_first=first + 1, body=self.expression())
            case.otherwise.last = self.position
            if self.position == self.half and self.begins_operand():
                self.skip_junk(case)
        if self.word == "END":
            self.position += 1
            case.ended = True
        case.last = self.position
        self.up()
        return case

    def skip_junk(self, case: Case) -> None:
        """A word half typed inside CASE."""
        junk = self.junk()
        self.strays.append(junk)

    @property
    def strays(self) -> list[Junk]:
        """Tokens inside kept nodes that have to be left out."""
        return self._strays

    _strays: list[Junk]

    # -- calls -------------------------------------------------------------------------------------------------------

    def call(self, first: int, name: str) -> Node:
        """A function call; the next token is its parenthesis."""
        self.down()
        node = Call(first, self.position, name=name)
        opening = self.position
        self.position += 1
        if self.opens_query():
            node.arguments = Items(self.position, self.position)
            query_first = self.position
            query = self.query()
            node.arguments.elements.append(Nested(query_first, self.position, query=query, closer=""))
            node.arguments.last = self.position
        elif name in ("cast", "try_cast"):
            self.cast(node)
        elif name == "extract":
            self.extract(node)
        else:
            self.call_arguments(node)
        self.skip_to_close()
        node.closer = self.close(")")
        node.last = self.position
        if first <= self.half < opening and name not in known_functions():
            node.fault = fragment(f"`{name}`")
        if node.empty:
            inside = self.tokens[opening].end <= self.cursor and (
                self.position >= self.count or self.cursor <= self.tokens[self.position - 1].start or bool(node.closer)
            )
            if name == "count" and node.closer and not node.distinct:
                node.add = "*"
            elif node.distinct or (name not in NO_ARGUMENTS and (inside or node.closer)):
                node.fault = fragment(f"`{name}(`")
        self.call_tail(node)
        node.last = self.position
        self.up()
        return node

    def skip_to_close(self) -> None:
        """Skip what fits nowhere before the closing parenthesis of this level, if there is nothing else before it."""
        level = 0
        for index in range(self.position, min(self.position + 30, self.count)):
            token = self.tokens[index]
            if token.kind == "punctuation":
                level += (token.upper == "(") - (token.upper == ")")
            elif token.kind == "word" and token.upper in CLAUSE_WORDS and level == 0:
                break
            if level < 0:
                while self.position < index:
                    self.strays.append(self.junk())
                return
        if self.position == self.half and self.begins_operand():
            self.strays.append(self.junk())

    def call_arguments(self, node: Call) -> None:
        if self.word in ("DISTINCT", "ALL"):
            node.distinct = True
            self.position += 1
        elif self.position == self.half and self.position + 1 < self.count and self.complete_word("DISTINCT"):
            self.position += 1
        first = self.position
        if self.word in ("BOTH", "LEADING", "TRAILING"):
            self.position += 1
        arguments = Items(first, first)
        node.arguments = arguments
        if self.is_mark(")") or self.at_end() or self.word in CLAUSE_WORDS:
            node.empty = True
            if self.word == "FROM" and node.name == "trim":
                node.empty = False
        while not node.empty:
            token, after = self.token, self.ahead(1)
            if token.kind in ("word", "quoted") and after.text in (":=", "=>"):
                self.position += 2
            if self.token.text == "*":
                node.starred = True
            if self.word in UNIT_WORDS and self.ahead(1).upper in (",", ")"):
                # ``datediff(day, a, b)``: no column, if there is none of that name.
                self.unit_words.add(self.position)
            arguments.elements.append(self.expression())
            if self.word == "AS" and self.ahead(1).kind in ("word", "quoted"):
                self.position += 2
            if self.word in _ARGUMENT_SEPARATORS.get(node.name, ()):
                arguments.separators.append(self.position)
                self.position += 1
                continue
            if not self.next_item(arguments.elements, arguments.separators):
                break
        arguments.last = self.position
        while self.word in ("IGNORE", "RESPECT") and self.ahead(1).upper == "NULLS":
            self.position += 2
        if self.word == "ORDER":
            node.order = self.order_by()
        if self.word == "LIMIT" and self.ahead(1).kind == "number":
            self.position += 2
        if self.word == "SEPARATOR":
            self.position += 1 + (self.ahead(1).kind == "string")

    def order_by(self) -> Clause:
        """ORDER BY, wherever it stands; the next token is ORDER."""
        first = self.position
        self.position += 1
        return self.after_by(first, "ORDER BY", ordered=True)

    def after_by(self, first: int, name: str, *, ordered: bool) -> Clause:
        """The list of GROUP BY, ORDER BY or PARTITION BY; their first word is read."""
        clause = Clause(first, self.position, name=name, body_first=self.position)
        if self.word == "BY" or self.complete_word("BY"):
            self.position += 1
        elif self.position == self.half and self.word and "BY".startswith(self.word):
            self.position += 1
            clause.last = clause.body_first = self.position
            clause.fault = fragment(f"`{name}`")
            return clause
        elif self.begins_operand() and self.position != self.half:
            clause.words_missing = " BY" if self.tokens[first].text.isupper() else " by"
        else:
            clause.fault = fragment(f"`{self.tokens[first].text}`")
            return clause
        clause.body_first = self.position
        if self.word == "ALL":
            self.position += 1
            clause.body = Literal(self.position - 1, self.position)
            if ordered and self.word in ("ASC", "DESC"):
                self.position += 1
        else:
            clause.body = self.items(ordered=ordered)
        clause.last = self.position
        return clause

    def cast(self, node: Call) -> None:
        first = self.position
        expression = self.expression()
        node.arguments = Items(first, self.position, elements=[expression])
        if self.word == "AS":
            self.position += 1
            name = self.type_name()
            if isinstance(name, Missing) or name.fault:
                node.fault = fragment("the cast")
        else:
            if self.position == self.half:
                self.position += 1
            node.fault = fragment("the cast")
        node.arguments.last = self.position

    def extract(self, node: Call) -> None:
        first = self.position
        node.arguments = Items(first, first)
        if self.token.kind in ("word", "string") and self.ahead(1).upper == "FROM":
            self.position += 2
            node.arguments.elements.append(self.expression())
        else:
            if self.token.kind in ("word", "string") and self.word not in CLAUSE_WORDS:
                self.position += 1
                if self.position == self.half and self.word and "FROM".startswith(self.word):
                    self.position += 1
            node.fault = fragment("`extract(`")
        node.arguments.last = self.position

    def call_tail(self, node: Call) -> None:
        """FILTER, WITHIN GROUP, IGNORE NULLS and OVER."""
        while True:
            word, first = self.word, self.position
            if word == "FILTER" and (self.ahead(1).upper == "(" or self.ahead(1).kind == "end"):
                self.position += 1
                clause = Clause(first, first, name="FILTER", body_first=first + 1)
                if self.is_mark("("):
                    self.position += 1
                    if self.word == "WHERE":
                        self.position += 1
                    clause.body_first = self.position
                    if self.position == self.half and "WHERE".startswith(self.word or "-"):
                        self.position += 1
                        clause.fault = fragment("`FILTER`")
                    elif self.is_mark(")"):
                        clause.fault = fragment("`FILTER`")
                    else:
                        clause.body = self.expression(boolean=True)
                    clause.closer = self.close(")")
                else:
                    clause.fault = fragment("`FILTER`")
                clause.last = self.position
                node.tails.append(clause)
            elif word == "WITHIN" and self.ahead(1).upper in ("GROUP", ""):
                self.position += 1
                clause = Clause(first, first, name="WITHIN GROUP", body_first=first + 1)
                if self.word == "GROUP":
                    self.position += 1
                if self.is_mark("("):
                    self.position += 1
                    clause.body_first = self.position
                    if self.word == "ORDER":
                        clause.body = self.order_by()
                    else:
                        node.fault = fragment("`WITHIN GROUP`")
                    clause.closer = self.close(")")
                else:
                    node.fault = fragment("`WITHIN GROUP`")
                clause.last = self.position
                node.tails.append(clause)
            elif word in ("IGNORE", "RESPECT") and self.ahead(1).upper == "NULLS":
                self.position += 2
            elif word == "OVER":
                node.window = self.window(first)
                return
            else:
                return

    def window(self, first: int) -> Window:
        """What follows OVER (or a window's name and AS): the next token is OVER or AS."""
        self.position += 1
        window = Window(first, self.position)
        if self.is_mark("("):
            self.position += 1
            self.down()
            if self.token.kind in ("word", "quoted") and self.word not in _WINDOW_WORDS and self.position != self.half:
                self.position += 1
            while True:
                start = self.position
                if self.word == "PARTITION" or self.complete_word("PARTITION"):
                    self.position += 1
                    window.clauses.append(self.after_by(start, "PARTITION BY", ordered=False))
                elif self.word == "ORDER" or self.complete_word("ORDER"):
                    window.clauses.append(self.order_by())
                elif self.word in ("ROWS", "RANGE", "GROUPS"):
                    window.clauses.append(self.frame())
                else:
                    break
            self.skip_to_close()
            window.closer = self.close(")")
            self.up()
        elif self.token.kind in ("word", "quoted") and self.word not in RESERVED:
            window.name = self.position
            self.position += 1
        else:
            if self.position == self.half and self.begins_operand():
                self.strays.append(self.junk())
            window.add = " ()"
        window.last = self.position
        return window

    def frame(self) -> Clause:
        first = self.position
        while not self.at_end() and not self.is_mark(")") and self.word not in CLAUSE_WORDS:
            self.position += 1
            if self.is_mark("("):
                self.skip_balanced()
        clause = Clause(first, self.position, name="frame", body_first=self.position)
        words = [token.upper for token in self.tokens[first + 1 : self.position]]
        if not _frame_is_complete(words):
            clause.fault = fragment("the frame")
        return clause


@lru_cache(maxsize=1)
def known_functions() -> frozenset[str]:
    """Names of functions that sqlglot knows: enough to tell half of a name from a whole one."""
    names = {name.lower() for name in exp.FUNCTION_BY_NAME}
    for dialect in ("duckdb", "postgres", "snowflake", "bigquery", "spark", "tsql"):
        names |= {name.lower() for name in Dialect.get_or_raise(dialect).parser_class.FUNCTIONS}
    return frozenset(names | AGGREGATES | WINDOW_ONLY | NO_ARGUMENTS | TEXT_FUNCTIONS | BOOLEAN_FUNCTIONS)


def _frame_is_complete(words: list[str]) -> bool:
    if "EXCLUDE" in words:
        words = words[: words.index("EXCLUDE")]

    def bound(part: list[str]) -> bool:
        return part == ["CURRENT", "ROW"] or (len(part) >= 2 and part[-1] in ("PRECEDING", "FOLLOWING"))

    if words[:1] != ["BETWEEN"]:
        return bound(words)
    if "AND" not in words:
        return False
    middle = words.index("AND")
    return bound(words[1:middle]) and bound(words[middle + 1 :])


_AFTER_NOT = frozenset({"IN", "LIKE", "ILIKE", "BETWEEN", "SIMILAR", "GLOB", "RLIKE", "REGEXP"})
_WINDOW_WORDS = frozenset({"PARTITION", "ORDER", "ROWS", "RANGE", "GROUPS"})
_ARGUMENT_SEPARATORS = {
    "substring": ("FROM", "FOR"),
    "overlay": ("PLACING", "FROM", "FOR"),
    "trim": ("FROM", "BOTH"),
    "position": ("IN",),
}
_CLAUSE_STARTS = ("WHERE", "GROUP", "HAVING", "QUALIFY", "WINDOW", "ORDER", "LIMIT", "UNION", "EXCEPT", "INTERSECT")

__all__ = ["BOOLEAN_FUNCTIONS", "ExpressionParser", "fragment"]
