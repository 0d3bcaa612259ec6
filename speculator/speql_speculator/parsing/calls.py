"""Error-tolerant parser of function calls, with what follows their parentheses."""

from functools import lru_cache

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect

from speql_speculator.parsing.grammar import Grammar, fragment
from speql_speculator.parsing.keywords import (
    AGGREGATES,
    BOOLEAN_FUNCTIONS,
    CLAUSE_WORDS,
    NO_ARGUMENTS,
    RESERVED,
    TEXT_FUNCTIONS,
    UNIT_FIRST,
    UNIT_WORDS,
    WEEK_DAYS,
    WINDOW_ONLY,
)
from speql_speculator.parsing.syntax_tree import (
    Call,
    Clause,
    Expression,
    Fault,
    Items,
    Junk,
    Literal,
    Missing,
    Nested,
    Node,
    Reference,
    Window,
)
from speql_sql.function_data import function_data


class CallParser(Grammar):
    """Reads calls: arguments, FILTER, WITHIN GROUP, OVER and its window."""

    def call(self, first: int, name: str, *, method: bool = False) -> Node:
        """A function call; the next token is its parenthesis. ``method``: what stands before it is an argument, too."""
        self.down()
        node = Call(first, self.position, name=name, method=method and is_function(name))
        opening, open_type = self.position, ""
        self.position += 1
        closes = self.excess and self.position == self.gap and not self.at_end()
        if closes and name in NO_ARGUMENTS and name not in ("count", "random"):
            self.excess -= 1
            node.empty, node.closer, node.last = True, ")", self.position
            node.arguments = Items(self.position, self.position)
            self.up()
            return node
        if self.word in ("SELECT", "WITH") and not (self.position == self.gap and name in NO_ARGUMENTS | WINDOW_ONLY):
            node.arguments = Items(self.position, self.position)
            query_first = self.position
            query = self.query()
            node.arguments.elements.append(Nested(query_first, self.position, query=query, closer=""))
            node.arguments.last = self.position
        elif name in ("cast", "parse", "safe_cast", "try_cast", "try_parse"):
            open_type = self.cast(node)
        elif name == "extract":
            self.extract(node)
        else:
            self.call_arguments(node)
        self.skip_to_close()
        node.closer = open_type + self.close(")")
        node.last = self.position
        if first <= self.half < opening and not is_function(name):
            node.fault = fragment(f"`{name}`")
        if node.empty:
            inside = self.tokens[opening].end <= self.cursor and (
                self.position >= self.count or self.cursor <= self.tokens[self.position - 1].start or bool(node.closer)
            )
            if name == "count" and node.closer and not node.distinct:
                node.add = "*"
            elif node.distinct or (name not in NO_ARGUMENTS and not node.method and (inside or node.closer)):
                node.fault = fragment(f"`{name}(`")
        self.call_tail(node)
        if (
            name in _WITHIN_GROUP
            and node.arguments is not None
            and len(node.arguments.elements) == 1
            and not node.tails
        ):
            node.fault = node.fault or fragment(f"`{name}`")
        if self.is_mark("(") and self.ahead(1).upper in ("PARTITION", "ORDER", "WHERE"):
            start = self.position
            self.skip_balanced()
            self.strays.append(Junk(start, self.position, fault=Fault("unexpected-text", "This cannot stand here")))
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
        """What is between the parentheses of a call."""
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
            if self.word in UNIT_WORDS and self.ahead(1).upper == "(" and self.ahead(2).upper in WEEK_DAYS:
                self.unit_words.add(self.position + 2)
            unit = self.word in UNIT_WORDS or (node.name in UNIT_FIRST and not arguments.elements and self.word)
            if unit and self.ahead(1).upper in (",", ")"):
                # ``datediff(day, a, b)``: no column, if there is none of that name.
                self.unit_words.add(self.position)
            arguments.elements.append(self.with_body(self.expression()))
            named = self.word == "AS" and self.ahead(1).kind in ("word", "quoted")
            if named and (node.name in _NAMED_ARGUMENTS or not self.excess):
                self.position += 2
            between = _ARGUMENT_SEPARATORS.get(node.name, ())
            if self.word in between or self.complete_word(*between):
                arguments.separators.append(self.position)
                self.position += 1
                continue
            if node.starred and not self.is_mark(","):
                break
            if not self.next_item(arguments.elements, arguments.separators):
                break
        arguments.last = self.position
        if arguments.separators and self.tokens[arguments.separators[-1]].upper == ",":
            self.listed(arguments)
        while self.word in ("IGNORE", "RESPECT") and self.ahead(1).upper == "NULLS":
            self.position += 2
        if self.word == "ORDER" and (not self.excess or node.name in _ORDERED):
            node.order = self.order_by()
        if self.word == "LIMIT" and self.ahead(1).kind == "number":
            self.position += 2
        if self.word == "SEPARATOR":
            self.position += 1 + (self.ahead(1).kind == "string")

    def with_body(self, argument: Expression) -> Expression:
        """An argument of which, if it is a lambda, the parameter stays only with what it becomes."""
        term = argument.terms[0]
        if term.operators and isinstance(term.operands[0], (Reference, Literal)):
            arrow, body = self.tokens[term.operators[0][0]], self.tokens[term.operators[0][0] + 1]
            if arrow.text == "->" and body.kind not in ("string", "number"):
                term.least = 2
        return argument

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

    def cast(self, node: Call) -> str:
        """``CAST(value AS type)``; without its type it cannot stay. Returns what closes an open type."""
        first, open_type = self.position, ""
        expression = self.expression()
        node.arguments = Items(first, self.position, elements=[expression])
        if self.word == "AS":
            self.position += 1
            name = self.type_name()
            if isinstance(name, Missing) or name.fault:
                node.fault = fragment("the cast")
            open_type = getattr(name, "closer", "")
        else:
            if self.position == self.half:
                self.position += 1
            node.fault = fragment("the cast")
        node.arguments.last = self.position
        return open_type

    def extract(self, node: Call) -> None:
        """``EXTRACT(unit FROM value)``."""
        first = self.position
        node.arguments = Items(first, first)
        unit = self.token.text.strip("'").upper()
        if self.token.kind in ("word", "string") and self.ahead(1).upper == "FROM":
            if self.position == self.half and unit not in UNIT_WORDS:
                node.fault = fragment(f"`{self.token.text}`")
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
            if self.ahead(1).upper == "(":
                self.complete_word("OVER", "FILTER")
            word, first = self.word, self.position
            if word == "FILTER" and (self.ahead(1).upper == "(" or self.ahead(1).kind == "end"):
                self.position += 1
                clause = Clause(first, first, name="FILTER", body_first=first + 1)
                if self.is_mark("("):
                    self.position += 1
                    if self.word == "WHERE":
                        self.position += 1
                    elif self.position == self.gap and self.begins_operand() and self.dialect != "duckdb":
                        clause.opener = "WHERE "
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
            elif word == "WITHIN" and "GROUP".startswith(self.ahead(1).upper):
                self.position += 1 + (self.position + 1 == self.half)
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
            named = self.token.kind in ("word", "quoted") and self.word not in {"BY", *_WINDOW_WORDS}
            if named and self.position != self.half:
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
        """ROWS, RANGE or GROUPS of a window; half of one is left out."""
        first, name = self.position, "frame" if self.word == "ROWS" else "range frame"
        while not self.at_end() and not self.is_mark(")") and self.word not in CLAUSE_WORDS:
            self.position += 1
            if self.is_mark("("):
                self.skip_balanced()
        clause = Clause(first, self.position, name=name, body_first=self.position)
        words = [token.upper for token in self.tokens[first + 1 : self.position]]
        if not _frame_is_complete(words):
            clause.fault = fragment("the frame")
        return clause


def is_function(name: str) -> bool:
    """Whether an engine surely has a function of this name."""
    data = function_data("duckdb")
    return name in known_functions() or name in data.functions or name in data.refused or name in _GROUPINGS


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


_NAMED_ARGUMENTS = ("struct", "struct_pack", "xmlelement", "xmlforest")
"""Functions whose arguments have names: behind any other one AS tells that its parenthesis should be closed."""
_ORDERED = frozenset({"any_value", "arbitrary", "arg_max", "arg_min", "array_agg", "collect_list", "first"}) | {
    *("group_concat", "json_agg", "json_group_array", "last", "list", "listagg", "string_agg")
}
"""Aggregates that an ORDER BY inside their parentheses, which may be open so far, is likely to belong to."""
_GROUPINGS = ("cube", "rollup")
"""What is called like functions in GROUP BY."""
_WITHIN_GROUP = ("percentile_cont", "percentile_disc")
"""Functions whose single argument says nothing of a column: that stands behind WITHIN GROUP."""
_WINDOW_WORDS = frozenset({"PARTITION", "ORDER", "ROWS", "RANGE", "GROUPS"})
_ARGUMENT_SEPARATORS = {
    "substring": ("FROM", "FOR"),
    "overlay": ("PLACING", "FROM", "FOR"),
    "trim": ("FROM", "BOTH"),
    "position": ("IN",),
}
