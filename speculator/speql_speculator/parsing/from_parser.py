"""Error-tolerant parser of FROM: tables, aliases, joins and their conditions."""

from speql_speculator.parsing.grammar import fragment
from speql_speculator.parsing.keywords import (
    CLAUSE_WORDS,
    JOIN_PREFIXES,
    JOIN_WORDS,
    NO_BARE_ALIAS,
    RESERVED,
    SET_OPERATORS,
)
from speql_speculator.parsing.source_tails import SourceTailParser
from speql_speculator.parsing.syntax_tree import (
    Call,
    Clause,
    Fault,
    From,
    Group,
    Junk,
    Missing,
    Query,
    Source,
    name_columns,
)


class FromParser(SourceTailParser):
    """Reads FROM and its sources."""

    def from_clause(self) -> From:
        """FROM and its sources."""
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
                if self.is_last_comma():
                    self.position += 1
                    return found
                self.position += 1
                found.append(self.source((first, self.position), ","))
                continue
            words: list[str] = []
            if self.word == "LATERAL" and self.begins_clause():
                found.append(self.lateral_view())
                continue
            while self.word in JOIN_PREFIXES or (words and self.word in ("JOIN", "APPLY")):
                words.append(self.word)
                self.position += 1
                if words[-1] in ("JOIN", "APPLY"):
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
            if words[-1] not in ("JOIN", "APPLY"):
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

    def is_last_comma(self) -> bool:
        """Whether the engine takes the comma that follows, with nothing behind it; at the cursor more may come."""
        after = self.ahead(1)
        behind = CLAUSE_WORDS - {"FROM", "SELECT", "WITH"}
        ends = after.upper == ")" or (after.kind == "word" and after.upper in behind)
        return self.dialect == "duckdb" and ends and self.position + 1 != self.gap

    def source(self, join: tuple[int, int], kind: str, *, joined: bool = True) -> Source:
        """One source with its alias and, if it may be ``joined``, its condition."""
        source = Source(join[0], self.position, join=join, kind=kind)
        lateral = self.word == "LATERAL"
        if lateral:
            self.position += 1
        named = self.token.kind in ("word", "quoted") and self.word not in NO_BARE_ALIAS
        if self.dialect == "duckdb" and named and self.ahead(1).text == ":":
            # The alias comes first: ``FROM o: orders``.
            source.alias, source.marker = self.position, self.position + 1
            self.position += 2
        if self.is_mark("("):
            self.source_parenthesis(source)
        elif self.token.kind == "string":
            source.call = Missing(self.position, self.position + 1)
            source.call = Group(self.position, self.position + 1, may_be_empty=True)
            self.position += 1
        elif self.word == "VALUES":
            self.source_values(source)
        else:
            self.source_name(source)
        if source.dangling or (lateral and source.inner is not None):
            source.fault = fragment("the table")
        elif source.alias >= 0:
            self.source_tails(source)
        else:
            self.source_alias(source)
        if joined:
            self.join_condition(source)
        name_columns(source.query, len(source.column_names))
        source.last = self.position
        return source

    def source_values(self, source: Source) -> None:
        """``VALUES (1, 2), (3, 4) AS t(a, b)`` without parentheses around it, as DuckDB takes it."""
        if self.dialect != "duckdb" or self.ahead(1).upper != "(":
            source.dangling = True
            return
        first = self.position
        values = self.values()
        source.query = Query(first, self.position, branches=[values])

    def source_parenthesis(self, source: Source) -> None:
        """A derived table or a parenthesised join."""
        last = self.closed_statement()
        if last >= 0:
            source.call = Group(self.position, last, may_be_empty=True)
            self.position = last
            return
        self.down()
        # Right before FROM the SELECT list is still to come.
        opens = self.opens_query() or self.ahead(1).upper == "FROM"
        self.position += 1
        if opens and not self.parenthesised_join():
            source.query = self.inner_query()
            while not self.at_end() and not self.is_mark(")") and self.closes_late():
                self.strays.append(self.junk())
        elif self.at_end() or self.is_mark(")"):
            source.dangling = True
        else:
            source.inner = self.sources()
        source.closer = self.close(")")
        self.up()

    def closed_statement(self) -> int:
        """The end of ``(DESCRIBE t)`` and the like, which DuckDB reads as tables; -1 where there is none."""
        position, last = self.position, -1
        follows = self.ahead(2).kind in ("word", "quoted", "string") or self.ahead(2).upper == "("
        if self.dialect == "duckdb" and self.ahead(1).upper in _READ_AS_TABLES and follows and self.skip_closed():
            last = self.position
        self.position = position
        return last

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
        """The name of a table, or a call of a table function."""
        token = self.token
        after = self.ahead(1).upper
        if token.upper == "ROWS" and after == "FROM" and self.ahead(2).upper == "(":
            self.position += 2
            source.call = self.parenthesis(False)
            return
        calls = token.upper == "TABLE" and after == "("
        variable = token.kind == "parameter" and self.dialect in ("tsql", "fabric")
        if (
            (token.kind not in ("word", "quoted") and not variable)
            or (token.upper in RESERVED and not calls)
            or (token.upper in JOIN_WORDS and self.ahead(1).kind == "word")
        ):
            source.dangling = True
            return
        first = self.position
        if self.gap == first + 1 and self.ahead(1).upper == "(" and self.ahead(2).upper in ("SELECT", "WITH"):
            # No call: what was between the table and the query in parentheses is gone where the cursor is.
            source.parts = [first]
            self.position += 1
            opening = self.position
            self.skip_balanced()
            self.strays.append(Junk(opening, self.position, fault=_LEFT_OVER))
            return
        node = self.reference()
        if hasattr(node, "parts"):
            source.parts = list(node.parts)
            source.dangling = bool(getattr(node, "dangling", False))
        elif isinstance(node, Missing):
            source.dangling = True
        else:
            node.first = first
            source.call = node
            if isinstance(node, Call) and node.empty and not node.closer and node.fault is not None:
                # Functions that are tables of the engine's own need no argument.
                node.fault = None
            if self.word == "WITH" and self.ahead(1).upper == "ORDINALITY":
                self.position += 2

    def source_alias(self, source: Source) -> None:
        """The alias of a source, with its column names, and what stands before and behind it."""
        word = self.word
        sampled = self.source_tails(source) and word in ("SAMPLE", "TABLESAMPLE")
        if not sampled or self.word == "AS" or self.dialect in _ALIAS_BEHIND_SAMPLE:
            self.alias_name(source)
        while source.alias >= 0 and self.word in ("PIVOT", "UNPIVOT"):
            # The alias is that of what is pivoted.
            first = source.marker if source.marker >= 0 else source.alias
            left_out = len(self.strays)
            if not self.source_tails(source):
                break
            if len(self.strays) > left_out:
                self.strays[left_out].first = first
            source.alias = source.marker = -1
            source.column_names = []
            self.alias_name(source)
        self.source_tails(source)

    def alias_name(self, source: Source) -> None:
        """``AS name (columns)``."""
        if self.word == "AS":
            source.marker = self.position
            self.position += 1
            if self.token.kind in ("word", "quoted") and self.word not in NO_BARE_ALIAS:
                source.alias = self.position
                self.position += 1
        elif self.may_be_alias():
            expected = ("WHERE", "GROUP", "ORDER", "JOIN", "LEFT", "ON", "INNER", "HAVING", "LIMIT", "USING", "UNION")
            if not self.complete_word(*expected, name=True):
                after = self.ahead(1)
                if not (after.kind == "punctuation" and after.upper == "."):
                    source.alias = self.position
                    self.position += 1
        if source.alias >= 0 and self.is_mark("("):
            opening = self.position
            self.position += 1
            if self.is_mark(",") and self.position == self.gap:
                self.strays.append(self.junk())
            while self.token.kind == "quoted" or self.is_mark(",") or self.word not in {"", "ON", *CLAUSE_WORDS}:
                if not self.is_mark(","):
                    source.column_names.append(self.position)
                elif self.ahead(1).kind not in ("word", "quoted"):
                    self.strays.append(Junk(self.position, self.position + 1, fault=fragment("`,`")))
                self.position += 1
            source.names_closer = self.close(")")
            if source.names_closer and not source.column_names:
                source.names_closer = ""
                self.strays.append(Junk(opening, self.position, fault=fragment("`(`")))

    def lateral_view(self) -> Source:
        """``LATERAL VIEW OUTER explode(x) name AS a, b``."""
        first = self.position
        self.position += 2 + (self.ahead(2).upper == "OUTER")
        source = Source(first, self.position, join=(first, self.position), kind="LATERAL VIEW")
        source.call = self.operand(False)
        if isinstance(source.call, Call):
            if self.may_be_alias():
                source.alias = self.position
                self.position += 1
            while self.word == "AS" or (source.column_names and self.is_mark(",")):
                if self.ahead(1).kind not in ("word", "quoted") or self.ahead(1).upper in NO_BARE_ALIAS:
                    self.strays.append(self.junk())
                    break
                source.column_names.append(self.position + 1)
                self.position += 2
        else:
            source.fault = fragment("`LATERAL VIEW`")
        source.last = self.position
        return source

    def join_condition(self, source: Source) -> None:
        """ON or USING."""
        first = self.position
        if self.position == self.half and source.kind.endswith("JOIN") and self.word not in ("ON", "USING"):
            skip = self.word and self.word not in CLAUSE_WORDS | JOIN_WORDS | {"AND", "OR"}
            if skip and not self.complete_word("ON", "USING"):
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


_READ_AS_TABLES = ("DESC", "DESCRIBE", "SHOW", "SUMMARIZE")
_ALIAS_BEHIND_SAMPLE = ("spark", "databricks")
_LEFT_OVER = Fault("unexpected-text", "Nothing says what this query is for: left out")
