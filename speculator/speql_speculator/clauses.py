"""Error-tolerant parser of queries: WITH, SELECT and its clauses, joins, set operations."""

from collections.abc import Sequence

from speql_speculator.expressions import ExpressionParser, fragment
from speql_speculator.keywords import CLAUSE_WORDS, JOIN_PREFIXES, JOIN_WORDS, NO_BARE_ALIAS, RESERVED, SET_OPERATORS
from speql_speculator.syntax_tree import (
    Clause,
    Cte,
    Expression,
    Fault,
    From,
    Group,
    Items,
    Junk,
    Missing,
    Nested,
    Node,
    Query,
    Select,
    SelectItem,
    Source,
    Values,
    Window,
    With,
)
from speql_speculator.tokens import Token


class ClauseParser(ExpressionParser):
    """Reads a whole query. Every token ends up in a node, or in ``strays``: those have to be left out."""

    def __init__(self, tokens: Sequence[Token], text: str, cursor: int | None) -> None:
        super().__init__(tokens, text, cursor)
        self._lambda_names = set()
        self._strays = []
        self.unit_words: set[int] = set()

    def statement(self) -> Query:
        """The query that the whole text is."""
        query = self.query()
        while not self.at_end():
            if self.is_mark("("):
                start = self.position
                self.skip_balanced()
                self.strays.append(Junk(start, self.position, fault=Fault("unexpected-text", "This cannot stand here")))
            else:
                self.strays.append(self.junk())
                if self.word in CLAUSE_WORDS and self.word not in ("SELECT", "WITH", "FROM"):
                    self.query_clauses(query)
        query.last = self.position
        return query

    def query(self) -> Query:
        """WITH, branches, ORDER BY, LIMIT."""
        self.down()
        query = Query(self.position, self.position)
        if self.word == "WITH":
            query.with_ = self.with_list()
            while self.position == self.half and self.begins_operand() and not self.complete_word("SELECT"):
                self.strays.append(self.junk())
        while True:
            query.branches.append(self.branch())
            first = self.position
            if self.word in SET_OPERATORS or (
                query.branches[-1].last > query.branches[-1].first
                and self.complete_word("UNION", "EXCEPT", "INTERSECT")
            ):
                self.position += 1
                if self.word in ("ALL", "DISTINCT"):
                    self.position += 1
                if self.word == "BY" and self.ahead(1).upper in ("NAME", ""):
                    self.position += 1 + (self.ahead(1).upper == "NAME")
                if self.position == self.half and self.word and self.word not in ("SELECT", "FROM", "VALUES", "WITH"):
                    self.position += 1
                query.operators.append((first, self.position))
                continue
            break
        self.query_clauses(query)
        query.last = self.position
        self.up()
        return query

    def query_clauses(self, query: Query) -> None:
        """ORDER BY, LIMIT, OFFSET, FETCH."""
        while True:
            first, word = self.position, self.word
            if word == "ORDER" or self.complete_word("ORDER"):
                query.clauses.append(self.order_by())
            elif word in ("LIMIT", "OFFSET"):
                self.position += 1
                clause = Clause(first, first, name=word, body_first=self.position, body=self.limit())
                clause.last = self.position
                query.clauses.append(clause)
            elif word == "FETCH":
                query.clauses.append(self.fetch())
            elif self.begins_operand() and not self.at_end() and word not in CLAUSE_WORDS and self.fits_nowhere():
                if not self.complete_word("ORDER", "LIMIT", "OFFSET"):
                    self.strays.append(self.junk())
            else:
                return

    def fits_nowhere(self) -> bool:
        """Whether the next token is surely no beginning of something that an outer rule reads."""
        return self.position == self.half or self.depth <= 1

    def limit(self) -> Node:
        first = self.position
        expression = self.expression()
        inner: list[Node] = [expression]
        if self.token.text == "%" or self.word in ("PERCENT", "ROWS", "ROW"):
            self.position += 1
        return Group(first, self.position, inner=inner)

    def fetch(self) -> Clause:
        first = self.position
        words: list[str] = []
        while not self.at_end() and len(words) < 6 and (self.word or self.token.kind == "number"):
            words.append(self.token.upper)
            self.position += 1
            if words[-1] in ("ONLY", "TIES"):
                break
        clause = Clause(first, self.position, name="FETCH", body_first=self.position)
        if words[-1:] not in (["ONLY"], ["TIES"]):
            clause.fault = fragment("`FETCH`")
        return clause

    # -- WITH --------------------------------------------------------------------------------------------------------

    def with_list(self) -> With:
        first = self.position
        self.position += 1
        recursive = self.word == "RECURSIVE" or self.complete_word("RECURSIVE")
        if recursive:
            self.position += 1
        body_first = self.position
        elements: list[Node] = []
        separators: list[int] = []
        while True:
            elements.append(self.cte())
            if self.is_mark(","):
                separators.append(self.position)
                self.position += 1
                continue
            token = self.token
            if token.kind in ("word", "quoted") and token.upper not in CLAUSE_WORDS and self.ahead(1).upper == "AS":
                separators.append(-1)
                continue
            break
        ctes = Items(body_first, self.position, elements=elements, separators=separators)
        return With(first, self.position, body_first, recursive, ctes)

    def cte(self) -> Node:
        first = self.position
        token = self.token
        if token.kind not in ("word", "quoted") or token.upper in CLAUSE_WORDS:
            return Missing(first, first)
        cte = Cte(first, first, name=first)
        self.position += 1
        if self.is_mark("(") and self.ahead(1).upper in ("SELECT", "WITH", "FROM", "VALUES"):
            cte.marker_missing = True
        elif self.is_mark("("):
            self.position += 1
            while self.token.kind in ("word", "quoted") or self.is_mark(","):
                if not self.is_mark(","):
                    cte.column_names.append(self.position)
                self.position += 1
            if self.is_mark(")"):
                self.position += 1
            else:
                cte.fault = fragment(f"`{token.text}`")
        if (
            self.word == "AS"
            or self.complete_word("AS")
            or (self.position == self.half and self.word and "AS".startswith(self.word))
        ):
            self.position += 1
        if self.word == "NOT" and self.ahead(1).upper == "MATERIALIZED":
            self.position += 1
        if self.word == "MATERIALIZED":
            self.position += 1
        elif self.position == self.half and self.word and self.word not in ("SELECT", "FROM"):
            self.strays.append(self.junk())
        if self.is_mark("("):
            self.position += 1
            if self.is_mark(")") or self.at_end():
                cte.closer = self.close(")")
            else:
                self.down()
                cte.query = self.query()
                while not self.at_end() and not self.is_mark(")") and self.closes_late():
                    self.strays.append(self.junk())
                self.up()
                cte.closer = self.close(")")
        if cte.query is None and cte.fault is None:
            cte.fault = fragment(f"`{token.text}`")
        cte.last = self.position
        return cte

    def closes_late(self) -> bool:
        """Whether junk before the closing parenthesis of this level should be skipped."""
        level = 0
        if self.word in ("SELECT", "WITH") or self.is_mark(","):
            return False
        for token in self.tokens[self.position : self.position + 40]:
            if token.upper == "(":
                level += 1
            elif token.upper == ")":
                level -= 1
                if level < 0:
                    return True
            elif token.upper == "SELECT" and level == 0:
                return False
        return False

    # -- branches ----------------------------------------------------------------------------------------------------

    def branch(self) -> "Select | Values | Nested":
        """A SELECT, VALUES, or a query in parentheses."""
        first = self.position
        if self.is_mark("(") and self.opens_query():
            self.down()
            self.position += 1
            nested = Nested(first, first, query=self.query())
            nested.closer = self.close(")")
            nested.last = self.position
            self.up()
            return nested
        if self.word == "VALUES":
            self.position += 1
            values = Values(first, first, rows=self.items())
            values.last = self.position
            return values
        return self.select()

    def select(self) -> Select:
        select = Select(self.position, self.position)
        if self.word == "FROM":
            select.from_ = self.from_clause()
        if self.word == "SELECT" or self.complete_word("SELECT"):
            select.keyword = self.position
            self.position += 1
            self.select_head(select)
            select.items = self.select_items()
        elif select.from_ is None:
            select.fault = fragment("the SELECT")
            return select
        if select.from_ is None and (self.word == "FROM" or self.complete_word("FROM")):
            select.from_ = self.from_clause()
        self.clauses(select)
        select.last = self.position
        return select

    def select_head(self, select: Select) -> None:
        """DISTINCT, DISTINCT ON, ALL, TOP."""
        if self.word in ("DISTINCT", "ALL"):
            self.position += 1
            if self.word == "ON" and self.ahead(1).upper == "(":
                self.position += 2
                self.down()
                select.distinct_on = self.items()
                self.up()
                closer = self.close(")")
                if closer:
                    select.distinct_on.fault = fragment("`DISTINCT ON (`")
        elif self.word == "TOP" and self.ahead(1).kind == "number":
            self.position += 2
        elif self.position == self.half and self.begins_operand():
            self.complete_word("DISTINCT")
            if self.word == "DISTINCT":
                self.position += 1
        select.head_last = self.position

    def select_items(self) -> Items:
        first = self.position
        elements: list[Node] = []
        separators: list[int] = []
        while True:
            elements.append(self.select_item())
            if not self.next_item(elements, separators):
                break
        return Items(first, self.position, elements=elements, separators=separators)

    def select_item(self) -> Node:
        first = self.position
        expression = self.expression()
        item = SelectItem(first, self.position, expression=expression)
        if expression.last > expression.first:
            if self.word == "AS" or (self.position == self.half and self.complete_word("AS")):
                item.marker = self.position
                self.position += 1
                if self.token.kind in ("word", "quoted", "string") and self.word not in CLAUSE_WORDS:
                    item.alias = self.position
                    self.position += 1
            elif self.token.kind == "quoted" or (self.word and self.word not in NO_BARE_ALIAS):
                after = self.ahead(1)
                if self.position == self.half and self.complete_word("FROM"):
                    pass
                elif not (after.kind == "punctuation" and after.upper in (".", "(")):
                    item.alias = self.position
                    self.position += 1
        item.last = self.position
        return item

    def clauses(self, select: Select) -> None:
        """WHERE to QUALIFY, in whatever order; what fits nowhere is skipped."""
        seen: set[str] = set()
        while True:
            first, word = self.position, self.word
            if word in ("WHERE", "HAVING", "QUALIFY"):
                self.position += 1
                clause = Clause(first, first, name=word, body_first=self.position)
                clause.body = self.expression(boolean=True)
            elif word == "GROUP":
                self.position += 1
                clause = self.after_by(first, "GROUP BY", ordered=False)
                if self.word == "WITH" and self.ahead(1).upper in ("ROLLUP", "CUBE"):
                    self.position += 2
            elif word == "WINDOW":
                clause = self.window_clause()
            elif word == "USING" and self.ahead(1).upper == "SAMPLE":
                while not self.at_end() and (not self.word or self.word not in CLAUSE_WORDS) and not self.is_mark(")"):
                    self.position += 1
                clause = Clause(first, self.position, name="SAMPLE", body_first=self.position)
            elif word == "FROM" and select.from_ is None:
                select.from_ = self.from_clause()
                continue
            elif self.complete_word("WHERE", "GROUP", "HAVING", "QUALIFY", "WINDOW"):
                continue
            elif self.begins_operand() and not self.at_end() and self.fits_nowhere() and word != "WITH":
                if self.complete_word("ORDER", "LIMIT", "OFFSET", "UNION", "EXCEPT", "INTERSECT"):
                    return
                self.strays.append(self.junk())
                continue
            elif word in RESERVED - CLAUSE_WORDS and self.half == self.position:
                self.strays.append(self.junk())
                continue
            else:
                return
            clause.last = self.position
            if clause.name in seen:
                clause.fault = Fault("repeated-clause", f"There is a `{clause.name}` already: left out")
            seen.add(clause.name)
            select.clauses.append(clause)

    def window_clause(self) -> Clause:
        first = self.position
        self.position += 1
        elements: list[Node] = []
        separators: list[int] = []
        body_first = self.position
        while True:
            start = self.position
            if self.token.kind in ("word", "quoted") and self.word not in CLAUSE_WORDS and self.ahead(1).upper == "AS":
                self.position += 1
                window = self.window(self.position)
                if window.add or window.name >= 0:
                    window.fault = fragment("the window")
                window.first = start
                window.name = start
                elements.append(window)
            else:
                if self.token.kind in ("word", "quoted") and self.word not in CLAUSE_WORDS:
                    self.position += 1
                elements.append(Missing(start, self.position))
            if not self.is_mark(","):
                break
            separators.append(self.position)
            self.position += 1
        body = Items(body_first, self.position, elements=elements, separators=separators)
        return Clause(first, self.position, name="WINDOW", body_first=body_first, body=body)

    # -- FROM --------------------------------------------------------------------------------------------------------

    def from_clause(self) -> From:
        first = self.position
        self.position += 1
        from_ = From(first, self.position, sources=self.sources())
        from_.last = self.position
        return from_

    def sources(self) -> list[Source]:
        """Sources with the commas and JOINs between them."""
        found = [self.source((self.position, self.position), "")]
        while True:
            first = self.position
            if self.is_mark(","):
                if self.begins_cte(1):
                    return found
                self.position += 1
                found.append(self.source((first, self.position), ","))
                continue
            words: list[str] = []
            while self.word in JOIN_PREFIXES or (words and self.word == "JOIN"):
                words.append(self.word)
                self.position += 1
                if words[-1] == "JOIN":
                    break
            if not words and (
                self.word == "JOIN" or self.complete_word("JOIN", "LEFT", "RIGHT", "FULL", "INNER", "CROSS")
            ):
                if self.word != "JOIN":
                    continue
                words.append("JOIN")
                self.position += 1
            if not words:
                return found
            if words[-1] != "JOIN":
                if not self.complete_word("JOIN"):
                    if self.position == self.half and self.begins_operand():
                        self.position += 1
                    source = Source(first, self.position, join=(first, self.position), kind=" ".join(words))
                    source.dangling = True
                    source.fault = fragment(f"`{' '.join(words)}`")
                    found.append(source)
                    continue
                words.append("JOIN")
                self.position += 1
            found.append(self.source((first, self.position), " ".join(words)))

    def source(self, join: tuple[int, int], kind: str) -> Source:
        """One source with its alias and join condition."""
        source = Source(join[0], self.position, join=join, kind=kind)
        if self.word == "LATERAL":
            self.position += 1
        if self.is_mark("("):
            self.source_parenthesis(source)
        elif self.token.kind == "string":
            source.call = Missing(self.position, self.position + 1)
            source.call = Group(self.position, self.position + 1, may_be_empty=True)
            self.position += 1
        elif self.word == "VALUES":
            source.call = Missing(self.position, self.position)
            source.dangling = True
        else:
            self.source_name(source)
        if source.dangling:
            source.fault = fragment("the table")
        else:
            self.source_alias(source)
        self.join_condition(source)
        source.last = self.position
        return source

    def source_parenthesis(self, source: Source) -> None:
        self.down()
        opens = self.opens_query()
        self.position += 1
        if opens and not self.parenthesised_join():
            source.query = self.query()
            while not self.at_end() and not self.is_mark(")") and self.closes_late():
                self.strays.append(self.junk())
        elif self.at_end() or self.is_mark(")"):
            source.dangling = True
        else:
            source.inner = self.sources()
        source.closer = self.close(")")
        self.up()

    def parenthesised_join(self) -> bool:
        """Whether ``((SELECT ...) a JOIN ...)`` follows, in which the inner parenthesis is a source."""
        if not self.is_mark("("):
            return False
        level = 0
        for index in range(self.position, self.count):
            mark = self.tokens[index].upper
            level += (mark == "(") - (mark == ")")
            if level == 0:
                after = self.tokens[index + 1]
                return after.kind in ("word", "quoted") and after.upper not in SET_OPERATORS | {"ORDER", "LIMIT"}
        return False

    def source_name(self, source: Source) -> None:
        token = self.token
        if (
            token.kind not in ("word", "quoted")
            or token.upper in RESERVED
            or (token.upper in JOIN_WORDS and self.ahead(1).kind == "word")
        ):
            source.dangling = True
            return
        first = self.position
        node = self.reference()
        if hasattr(node, "parts"):
            source.parts = list(node.parts)
            source.dangling = bool(getattr(node, "dangling", False))
        elif isinstance(node, Missing):
            source.dangling = True
        else:
            node.first = first
            source.call = node
            if self.word == "WITH" and self.ahead(1).upper == "ORDINALITY":
                self.position += 2
        while self.word in ("PIVOT", "UNPIVOT") and self.ahead(1).upper == "(":
            first = self.position
            self.position += 1
            if not self.skip_balanced():
                self.strays.append(Junk(first, self.position, fault=fragment("`PIVOT`")))
            source.call = Group(first, self.position, may_be_empty=True)

    def source_alias(self, source: Source) -> None:
        if self.word == "TABLESAMPLE":
            self.source_tail(source)
        if self.word == "AS":
            source.marker = self.position
            self.position += 1
            if self.token.kind in ("word", "quoted") and self.word not in NO_BARE_ALIAS:
                source.alias = self.position
                self.position += 1
        elif self.token.kind == "quoted" or (self.word and self.word not in NO_BARE_ALIAS):
            expected = ("WHERE", "GROUP", "ORDER", "JOIN", "LEFT", "ON", "INNER", "HAVING", "LIMIT", "USING", "UNION")
            if not self.complete_word(*expected):
                after = self.ahead(1)
                if not (after.kind == "punctuation" and after.upper == "."):
                    source.alias = self.position
                    self.position += 1
        if source.alias >= 0 and self.is_mark("("):
            self.position += 1
            while self.token.kind in ("word", "quoted") or self.is_mark(","):
                if not self.is_mark(","):
                    source.column_names.append(self.position)
                self.position += 1
            closer = self.close(")")
            source.closer = source.closer or closer
        if self.word == "TABLESAMPLE":
            self.source_tail(source)

    def source_tail(self, source: Source) -> None:
        first = self.position
        self.position += 1
        while (self.word and self.word not in NO_BARE_ALIAS) or self.token.kind == "number" or self.token.text == "%":
            self.position += 1
        if self.is_mark("("):
            self.skip_balanced()
        source.tail = (first, self.position)

    def join_condition(self, source: Source) -> None:
        first = self.position
        if self.position == self.half and source.kind.endswith("JOIN") and self.word not in ("ON", "USING"):
            if self.word and self.word not in CLAUSE_WORDS | JOIN_WORDS and not self.complete_word("ON", "USING"):
                if self.word not in ("AND", "OR"):
                    self.strays.append(self.junk())
                    first = self.position
        if self.word == "ON":
            self.position += 1
            source.condition = Clause(first, first, name="ON", body_first=self.position)
            source.condition.body = self.expression(boolean=True)
            source.condition.last = self.position
        elif self.word == "USING" and self.ahead(1).upper != "SAMPLE":
            self.position += 1
            clause = Clause(first, first, name="USING", body_first=self.position)
            if self.is_mark("("):
                self.position += 1
                clause.body_first = self.position
                self.down()
                clause.body = self.items()
                self.up()
                clause.closer = self.close(")")
            else:
                clause.fault = fragment("`USING`")
            clause.last = self.position
            source.using = clause


__all__ = ["ClauseParser", "Expression", "Window"]
