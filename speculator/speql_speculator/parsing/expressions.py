"""Error-tolerant parser of lists and expressions."""

from speql_speculator.parsing.grammar import fragment
from speql_speculator.parsing.keywords import (
    CLAUSE_WORDS,
    COLLATIONS,
    COMPARISONS,
    JOIN_WORDS,
    QUERY_WORDS,
    RESERVED,
    TEXT_FUNCTIONS,
)
from speql_speculator.parsing.operands import OperandParser
from speql_speculator.parsing.syntax_tree import (
    Call,
    Expression,
    Group,
    Items,
    Junk,
    Literal,
    Missing,
    Nested,
    Node,
    Reference,
    Term,
    Values,
)


class ExpressionParser(OperandParser):
    """Reads one expression, however broken, and never goes past the clause that it is in."""

    in_boolean = False

    def items(self, one: "type[Node] | None" = None, *, boolean: bool = False, ordered: bool = False) -> Items:
        """A list of expressions separated by commas, up to what cannot belong to it."""
        first = self.position
        elements: list[Node] = []
        separators: list[int] = []
        while True:
            elements.append(self.ordered_item() if ordered else self.argument(boolean))
            if not self.next_item(elements, separators):
                break
        items = Items(first, self.position, elements=elements, separators=separators)
        # sqlglot takes none behind the last key of ORDER BY where more follows.
        return items if ordered and self.word and not self.at_end() else self.listed(items)

    def values(self) -> Values:
        """VALUES and its rows; the next token is VALUES."""
        first = self.position
        self.position += 1
        elements: list[Node] = []
        separators: list[int] = []
        while True:
            if self.is_mark("("):
                elements.append(self.parenthesis(False))
            elif self.word == "ROW" and self.ahead(1).upper == "(":
                elements.append(self.operand(False))
            else:
                elements.append(Missing(self.position, self.position))
            more = self.ahead(1).upper in ("(", "ROW", ")") or self.position + 1 == self.gap
            if not self.is_mark(",") or not more:
                break
            separators.append(self.position)
            self.position += 1
        body_first = first + 1
        rows = self.listed(Items(body_first, self.position, elements=elements, separators=separators))
        return Values(first, self.position, rows=rows)

    def listed(self, items: Items) -> Items:
        """A list that is read, with its last comma noted where nothing follows it and the engine takes one."""
        comma = items.separators[-1] if items.separators else -1
        last = items.elements[-1] if items.elements else items
        if self.dialect in _TAKE_LAST_COMMAS and last.first == last.last == comma + 1 and self.word != "FOR":
            if comma + 1 == self.gap:
                self.last_commas.add(comma)
            else:
                items.last_comma = comma
        return items

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
            nothing_read = elements[-1].last <= elements[-1].first
            if self.ahead(1).upper == "BY" and self.complete_word("ORDER"):
                return False
            if nothing_read or self.complete_word("FROM", "LIMIT", "OFFSET"):
                return False
            separators.append(-1)
            if self.position == self.half:
                elements.append(self.junk())
                continue
            return True

    def ends_list(self) -> bool:
        """Whether a word that could be a name is rather what follows a list: a frame, IGNORE NULLS."""
        after = self.ahead(1).upper
        frame = self.word in ("ROWS", "RANGE", "GROUPS") and after not in (",", ".", ")")
        return frame or ((self.word, after) in (("IGNORE", "NULLS"), ("RESPECT", "NULLS"), ("WITHIN", "GROUP")))

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

    def argument(self, boolean: bool = False) -> Node:
        """An element of a list: an expression, or nothing yet."""
        return self.expression(boolean=boolean)

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
        typing = self.position == self.half and self.begins_operand() and not self.ends_list()
        if typing and not self.complete_word("ASC", "DESC", "LIMIT", "OFFSET"):
            inner.append(self.junk())
        return Group(first, self.position, inner=inner)

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
        """Whether the list behind IN ends at the cursor, though its parenthesis is open: no condition stands in one."""
        level = 0
        for index in range(self.position - 1, 0, -1):
            token = self.tokens[index]
            if token.kind == "punctuation":
                level += (token.upper == ")") - (token.upper == "(")
            if level < 0:
                return self.tokens[index - 1].upper == "IN" and self.tokens[index + 1].upper not in QUERY_WORDS
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
        if self.begins_path(term.operands[-1]):
            self.add_operand(term, start, self.path(), empty=True)
            return True
        if token.text == "?" and token.kind == "parameter" and not isinstance(term.operands[-1], Missing):
            self.position += 1
            term.comparison = True
            self.add_operand(term, start, self.operand(False))
            return True
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
            field = self.token.kind in ("string", "number")
            if token.text == "->" and not field and isinstance(term.operands[-1], Reference):
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
                        self.add_operand(term, start, self.method(), empty=False)
                    else:
                        self.add_operand(term, start, self.field(term.operands[-1]))
                else:
                    self.add_operand(term, start, Missing(self.position, self.position))
                return True
            return False
        return self.word_operator(term)

    def field(self, value: Node) -> Node:
        """The name behind a value and a dot; half of one is more likely to become a call."""
        name = self.position - 1
        opening = self.tokens[value.first]
        while isinstance(value, (Group, Items, Expression, Term)) and len(inner := list(value.children())) == 1:
            value = inner[0]
        scalar = (
            isinstance(value, Literal)
            or (isinstance(value, Call) and value.name in TEXT_FUNCTIONS)
            or (opening.text == "[" and opening.kind == "punctuation")
        )
        if name == self.half and self.dialect == "duckdb" and scalar:
            return Missing(name, self.position, fault=fragment(f"`{self.tokens[name].text}`"))
        return Literal(name, self.position)

    def method(self) -> Node:
        """A call behind a dot and a value; the next token is its parenthesis."""
        name = self.position - 1
        return self.call(name, self.tokens[name].name.lower(), method=True)

    def begins_path(self, before: Node) -> bool:
        """Whether a path into a value of variable shape follows: ``payload:user.id``."""
        token = self.token
        if self.dialect not in _WITH_PATHS or isinstance(before, Missing) or not self.adjacent(self.position):
            return False
        return (token.kind == "parameter" and token.text[0] == ":") or (
            token.text == ":" and self.ahead(1).kind in ("quoted", "word")
        )

    def path(self) -> Node:
        """The names of a path; its subscripts are read as any."""
        first = self.position
        self.position += 1 if self.token.kind == "parameter" else 2
        while self.is_mark(".") and self.adjacent(self.position):
            self.position += 1
            if self.token.kind not in ("word", "quoted") or not self.adjacent(self.position):
                return Missing(first, self.position, fault=fragment("the path"))
            self.position += 1
        return Literal(first, self.position)

    def add_operand(self, term: Term, start: int, operand: Node, *, empty: bool = False) -> None:
        """Append an operator that begins at ``start`` and its operand."""
        term.operators.append((start, start if empty else operand.first))
        term.operands.append(operand)

    def word_operator(self, term: Term) -> bool:
        """Operators that are words: IS, IN, LIKE, BETWEEN, AT TIME ZONE and so on."""
        start = self.position
        if self.position == self.half:
            self.complete_word("IN", "IS", "LIKE", "ILIKE", "BETWEEN")
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
        if word == "COLLATE" and self.ahead(1).kind in ("word", "quoted") and self.ahead(1).upper not in RESERVED:
            self.position += 1
            self.add_operand(term, start, self.collation())
            return True
        if word in ("ESCAPE", "COLLATE", "DIV"):
            self.position += 1
            self.add_operand(term, start, self.operand(False))
            return True
        if word == "AT":
            if self.ahead(1).upper == "TIME" and self.ahead(2).upper == "ZONE":
                self.position += 3
                self.add_operand(term, start, self.operand(False))
                return True
            typing = self.position + 1 == self.half and "TIME".startswith(self.ahead(1).upper)
            if self.ahead(1).kind == "end" or typing or self.ahead(1).upper == "TIME":
                self.position += 2 if typing or self.ahead(1).upper == "TIME" else 1
                self.position += self.position == self.half and "ZONE".startswith(self.word or "-")
                self.add_operand(term, start, Missing(self.position, self.position))
                return True
        return False

    def collation(self) -> Node:
        """``NOCASE.NOACCENT``; half of a name at the cursor is none."""
        first = self.position
        self.position += 1
        while self.is_mark(".") and self.ahead(1).kind in ("word", "quoted"):
            self.position += 2
        last = self.tokens[self.position - 1]
        if self.dialect == "duckdb" and self.half == self.position - 1 and last.upper not in COLLATIONS:
            return Missing(first, self.position, fault=fragment(f"`{last.text}`"))
        return Literal(first, self.position)

    def is_test(self, term: Term, start: int) -> bool:
        """What follows IS: NULL, TRUE, DISTINCT FROM."""
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
        """BETWEEN and its AND; without the AND the term is unfinished."""
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


_TAKE_LAST_COMMAS = ("duckdb",)
_WITH_PATHS = ("snowflake", "databricks")
_AFTER_NOT = frozenset({"IN", "LIKE", "ILIKE", "BETWEEN", "SIMILAR", "GLOB", "RLIKE", "REGEXP"})
_CLAUSE_STARTS = ("WHERE", "GROUP", "HAVING", "QUALIFY", "WINDOW", "ORDER", "LIMIT", "UNION", "EXCEPT", "INTERSECT")
