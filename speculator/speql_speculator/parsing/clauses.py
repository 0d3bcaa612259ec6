"""Error-tolerant parser of queries: WITH, SELECT and its clauses, set operations."""

from collections.abc import Sequence

from speql_speculator.parsing.from_parser import FromParser
from speql_speculator.parsing.grammar import fragment
from speql_speculator.parsing.keywords import (
    CLAUSE_WORDS,
    NO_BARE_UNITS,
    PIVOT_WORDS,
    RESERVED,
    SET_OPERATORS,
    UNIT_WORDS,
)
from speql_speculator.parsing.known_queries import KnownQueries, closing_parentheses
from speql_speculator.parsing.syntax_tree import (
    Call,
    Clause,
    Cte,
    Fault,
    From,
    Group,
    Items,
    Junk,
    Literal,
    Missing,
    Nested,
    Node,
    Query,
    Select,
    SelectItem,
    Star,
    Values,
    With,
    name_columns,
    walk,
)
from speql_speculator.tokens import Token


class ClauseParser(FromParser):
    """Reads a whole query. Every token ends up in a node, or in ``strays``: those have to be left out."""

    def __init__(
        self,
        tokens: Sequence[Token],
        text: str,
        cursor: int | None,
        known: KnownQueries | None = None,
        dialect: str = "duckdb",
    ) -> None:
        super().__init__(tokens, text, cursor, dialect)
        self.lambda_names = set()
        self.strays = []
        self.last_commas = set()
        self.unit_words = set()
        self._known = known or KnownQueries()
        self._closings = dict(closing_parentheses(tokens))

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

    def inner_query(self) -> Query:
        """The query behind the parenthesis that was just read; not read any further if it is known."""
        first = self.position
        last = self._closings.get(first - 1, -1)
        if last < 0 or first <= self.gap <= last:
            return self.query()
        text = self.text[self.tokens[first - 1].end : self.tokens[last].start]
        known = self._known.find(text)
        if known is not None:
            self.position = last
            return Query(first, last, text=text, known=known)
        lambdas = len(self.lambda_names)
        query = self.query()
        if query.last == last and len(self.lambda_names) == lambdas:
            query.text = text
        return query

    def reopen(self, leaf: Query) -> None:
        """Read a known query after all: it is not the same among other CTEs."""
        position, self.position = self.position, leaf.first
        query = self.query()
        self.position = position
        leaf.known, leaf.with_, leaf.branches = None, query.with_, query.branches
        leaf.operators, leaf.clauses = query.operators, query.clauses

    def query(self) -> Query:
        """WITH, branches, ORDER BY, LIMIT."""
        self.down()
        query = Query(self.position, self.position)
        if self.word == "WITH" or (self.position == 0 and self.complete_word("WITH")):
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
            elif word in ("CLUSTER", "DISTRIBUTE", "SORT") and self.begins_clause():
                self.position += 1
                query.clauses.append(self.after_by(first, f"{word} BY", ordered=word == "SORT"))
            elif (word == "OPTION" and self.begins_clause()) or (word == "FOR" and self.ahead(1).upper in _OUTPUTS):
                query.clauses.append(self.engine_clause())
            elif self.begins_operand() and not self.at_end() and word not in CLAUSE_WORDS and self.fits_nowhere():
                if not self.complete_word("ORDER", "LIMIT", "OFFSET"):
                    self.strays.append(self.junk())
            else:
                return

    def engine_clause(self) -> Clause:
        """``OPTION (RECOMPILE)``, ``FOR JSON PATH``: nothing in them names anything."""
        first = self.position
        self.position += 1
        while not self.at_end() and not self.is_mark(")"):
            if not self.is_mark("("):
                self.position += 1
            elif not self.skip_closed():
                break
        clause = Clause(first, self.position, name="OPTION", body_first=self.position)
        if self.is_mark("("):
            clause.last = self.position = self.count
            clause.fault = fragment(f"`{self.tokens[first].text}`")
        return clause

    def skip_closed(self) -> bool:
        """Skip a parenthesis with all that is inside, if it is closed."""
        last = self._closings.get(self.position, -1)
        if last < 0:
            return False
        self.position = last + 1
        return True

    def fits_nowhere(self) -> bool:
        """Whether the next token is surely no beginning of something that an outer rule reads."""
        return self.position == self.half or self.depth <= 1

    def limit(self) -> Node:
        """The number of LIMIT and OFFSET."""
        first = self.position
        percent = self.token.kind == "number" and self.ahead(1).text == "%"
        if self.word == "ALL" or (percent and self.ahead(2).kind not in ("number", "word")):
            self.position += 1 + percent
            return Literal(first, self.position)
        expression = self.expression()
        inner: list[Node] = [expression]
        if self.token.text == "%" or self.word in ("PERCENT", "ROWS", "ROW"):
            self.position += 1
        return Group(first, self.position, inner=inner)

    def fetch(self) -> Clause:
        """``FETCH FIRST 5 ROWS ONLY``."""
        first = self.position
        words: list[str] = []
        while not self.at_end() and len(words) < 6 and (self.word or self.token.kind == "number"):
            words.append(self.token.upper)
            self.position += 1
            if words[-1] in ("ONLY", "TIES"):
                break
        clause = Clause(first, self.position, name="FETCH", body_first=self.position)
        whole = words[-1:] in (["ONLY"], ["TIES"]) and {"ROW", "ROWS"} & {*words} and {"FIRST", "NEXT"} & {*words}
        if not whole:
            clause.fault = fragment("`FETCH`")
        return clause

    def with_list(self) -> With:
        """WITH and its list."""
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
        """``name (columns) AS (query)``."""
        first = self.position
        token = self.token
        if token.kind not in ("word", "quoted") or token.upper in CLAUSE_WORDS:
            return Missing(first, first)
        cte = Cte(first, first, name=first)
        if token.upper == "AS" and self.ahead(1).upper == "(":
            cte.fault = fragment("the CTE")
        else:
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
        if self.word == "USING" and self.ahead(1).upper == "KEY" and self.ahead(2).upper == "(":
            self.position += 2
            self.skip_balanced()
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
                cte.query = self.inner_query()
                while not self.at_end() and not self.is_mark(")") and self.closes_late():
                    self.strays.append(self.junk())
                self.up()
                cte.closer = self.close(")")
        name_columns(cte.query, len(cte.column_names))
        if cte.query is None and cte.fault is None:
            cte.fault = fragment(f"`{token.text}`")
        cte.last = self.position
        return cte

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
            return self.values()
        if self.dialect == "duckdb" and self.word in PIVOT_WORDS:
            return self.pivot_query()
        return self.select()

    def pivot_query(self) -> Select:
        """``PIVOT t ON a USING sum(b) GROUP BY c``, ``UNPIVOT t ON a, b INTO NAME n VALUE v``: both are queries."""
        first = self.position
        select = Select(first, first, pivoted=self.word)
        self.position += 1
        select.from_ = From(first, first, sources=[self.source((self.position, self.position), "", joined=False)])
        select.from_.last = self.position
        while True:
            start, word = self.position, self.word
            if word in ("ON", "USING"):
                self.position += 1
                clause = Clause(start, start, name=word, body_first=self.position, body=self.select_items())
                for call in walk(clause) if word == "ON" and select.pivoted == "UNPIVOT" else ():
                    if isinstance(call, Call) and call.name == "columns" and call.closer:
                        # Those that are of other types are to be left out of it yet.
                        call.fault = fragment("`COLUMNS`")
            elif word == "GROUP":
                self.position += 1
                clause = self.after_by(start, "GROUP BY", ordered=False)
            elif word == "INTO":
                clause = self.unpivot_names()
            else:
                break
            clause.last = self.position
            select.clauses.append(clause)
        # What it does is put in here while nothing says it.
        select.clauses.append(Clause(self.position, self.position, name="PIVOT", body_first=self.position))
        select.last = self.position
        return select

    def unpivot_names(self) -> Clause:
        """``INTO NAME n VALUE v, w``."""
        first = self.position
        words = 0
        while not self.at_end() and (self.token.kind in ("word", "quoted") or self.is_mark(",")):
            if self.word in CLAUSE_WORDS:
                break
            words += 1
            self.position += 1
        names = [token.upper for token in self.tokens[first + 1 : self.position]]
        clause = Clause(first, self.position, name="INTO", body_first=self.position)
        if not (len(names) > 3 and names[0] == "NAME" and names[2] == "VALUE" and names[-1] != ","):
            clause.fault = fragment("`INTO`")
        return clause

    def select(self) -> Select:
        """One SELECT up to its QUALIFY; FROM may come first."""
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
        """DISTINCT, DISTINCT ON, ALL, TOP, AS STRUCT."""
        if self.word in ("DISTINCT", "ALL"):
            self.position += 1
            if self.word == "ON" and self.ahead(1).upper == "(":
                first = self.position
                self.position += 2
                self.down()
                select.distinct_on = self.items()
                self.up()
                if self.close(")"):
                    select.distinct_on.fault = fragment("`DISTINCT ON (`")
                select.distinct_range = (first, self.position)
        elif self.word == "TOP" and (self.ahead(1).kind == "number" or self.ahead(1).upper == "("):
            self.position += 1
            self.skip_balanced()
            if self.word == "PERCENT":
                self.position += 1
            if self.word == "WITH" and self.ahead(1).upper == "TIES":
                self.position += 2
        elif self.position == self.half and self.begins_operand():
            self.complete_word("DISTINCT")
            if self.word == "DISTINCT":
                self.position += 1
        if self.word == "AS" and self.ahead(1).upper in ("STRUCT", "VALUE"):
            self.position += 2
            select.one_value = True
        select.head_last = self.list_start = self.position

    def select_items(self) -> Items:
        """The SELECT list."""
        first = self.position
        elements: list[Node] = []
        separators: list[int] = []
        while True:
            elements.append(self.select_item())
            if not self.next_item(elements, separators):
                break
        return self.listed(Items(first, self.position, elements=elements, separators=separators))

    def select_item(self) -> Node:
        """An output column with its alias."""
        first = self.position
        named = self.begins_named_item()
        if named:
            self.position += 2
        expression = self.expression()
        item = SelectItem(first, self.position, expression=expression)
        if named:
            item.alias, item.marker = first, first + 1
            return item
        operand = expression.terms[0].operands[0] if expression.terms[0].operands else None
        if isinstance(operand, Star):
            operand.in_list = True
        if expression.last > expression.first:
            if self.word == "AS" or (self.position == self.half and self.complete_word("AS")):
                item.marker = self.position
                self.position += 1
                named = self.token.kind in ("word", "quoted", "string") and self.word not in CLAUSE_WORDS
                if named and self.ahead(1).upper != "(":
                    item.alias = self.position
                    item.drop_alias = not self.token.text.strip("\"'`")
                    self.position += 1
            elif self.may_be_alias():
                after = self.ahead(1)
                if self.position == self.half and self.complete_word("FROM"):
                    pass
                elif not (after.kind == "punctuation" and after.upper in (".", "(")):
                    item.alias = self.position
                    # Engines refuse a unit of time as a name without AS: it is the beginning of a longer one.
                    item.drop_alias = self.position == self.half and self.word in UNIT_WORDS
                    item.marker_missing = not item.drop_alias and self.word in NO_BARE_UNITS
                    self.position += 1
        elif self.word == "AS" and self.ahead(1).kind in ("word", "quoted") and self.ahead(1).upper not in CLAUSE_WORDS:
            item.marker, item.alias = self.position, self.position + 1
            self.position += 2
        item.last = self.position
        return item

    def begins_named_item(self) -> bool:
        """Whether ``name =`` (T-SQL, which has no truth values there) or ``name:`` (DuckDB) names an output column."""
        token = self.token
        named = token.kind == "quoted" or (token.kind == "word" and token.upper not in RESERVED)
        return named and self.ahead(1).text == _BEHIND_A_NAME.get(self.dialect)

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
                whole = True
                while not self.at_end() and (not self.word or self.word not in CLAUSE_WORDS) and not self.is_mark(")"):
                    if not (self.is_mark("(") and self.skip_closed()):
                        whole = whole and not self.is_mark("(")
                        self.position += 1
                clause = Clause(first, self.position, name="SAMPLE", body_first=self.position)
                if not whole or not self.says_how_much(first):
                    clause.fault = fragment("`USING SAMPLE`")
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
        """``WINDOW name AS (...), ...``."""
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


_BEHIND_A_NAME = {"duckdb": ":", "tsql": "=", "fabric": "="}
"""What stands between the name of an output column and its expression, where the name comes first."""

_OUTPUTS = ("JSON", "XML", "BROWSE")
"""What FOR at the end of a query asks for."""
