"""One pass of a repair: parse, resolve, edit, and parse the result with sqlglot."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.errors import SqlglotError

from speql_speculator.edits import Edit, EditBuilder, apply_edits, glues
from speql_speculator.emit import emit
from speql_speculator.parsing.clauses import ClauseParser
from speql_speculator.parsing.known_queries import KnownQueries
from speql_speculator.parsing.syntax_tree import Fault, Node, Query, walk
from speql_speculator.resolving.analysis import Analysis
from speql_speculator.resolving.resolve import resolve
from speql_speculator.tokens import Token, open_comments
from speql_sql import Catalog, Span
from speql_sql.parse import as_query
from speql_sql.sql_tokens import parsed_trees


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A node to leave out in the next try, found again by kind and place."""

    kind: type[Node]
    first: int
    last: int


class RepairPass:
    """What a pass makes of a text: ``sql`` with its ``edits``, and ``query`` if that parses, else ``error``.

    ``left_out`` are the nodes that the passes before could not read; ``dropped`` are words that are left out before the
    text is read, ``surplus`` parentheses that close nothing.
    """

    def __init__(
        self,
        text: str,
        tokens: list[Token],
        catalog: Catalog,
        cursor: int | None,
        left_out: list[LeftOut],
        dropped: Sequence[Token],
        surplus: Sequence[Token],
        known: KnownQueries,
    ) -> None:
        self.text = text
        self.dropped = dropped
        self.surplus = surplus
        self.cursor = cursor
        self.parser = ClauseParser(tokens, text, cursor, known, catalog.dialect)
        self.tree = self.parser.statement()
        for node in _found(self.tree, left_out):
            node.fault = node.fault or Fault("cannot-parse", "This could not be read: left out")
        self.analysis = Analysis(self.parser, catalog)
        resolve(self.tree, self.analysis)
        self.edits: tuple[Edit, ...] = ()
        self.sql: str | None = None
        self.query: exp.Query | None = None
        self.error = ""
        self.error_offset: int | None = None
        if self.tree.kept:
            self.edits = self._edits(tokens)
            self.sql = apply_edits(text, self.edits)
            self._parse(self.sql, catalog.dialect)

    def _edits(self, tokens: list[Token]) -> tuple[Edit, ...]:
        builder = EditBuilder(self.text, tokens)
        for stray in self.parser.strays:
            builder.remove(stray.first, stray.last, stray.fault or Fault("unexpected-text", "This cannot stand here"))
        for token, rest in self.parser.completions.items():
            typed = self.parser.tokens[token].text
            builder.replace(token, typed + rest, "word-completed", f"`{typed}` is the beginning of `{typed + rest}`")
        for index, word in enumerate(tokens):
            if word.start == word.end:
                builder.replace(index, word.upper, "completed", f"`{word.upper}` was missing here")
        emit(self.tree, builder)
        for token, alias in self.analysis.qualified:
            builder.insert_before(token, f"{alias}.", "qualified", f"More than one table has it: that of `{alias}`")
        for token, name, code, reason in self.analysis.replaced:
            builder.replace(token, name, code, reason)
        closed = [
            Edit(Span(comment.end, comment.end), comment.closer, "What is open is closed", "closed")
            for comment in open_comments(self.text, self.analysis.catalog.dialect)
        ]
        gone = [self._removal(tokens)] if self.dropped else []
        gone += (
            Edit(Span(token.start, token.end), "", f"`{token.text}` closes nothing: left out", "unexpected-text")
            for token in self.surplus
        )
        edits = builder.edits()
        if not closed and not gone and self._takes_as_it_is(edits, tokens):
            return ()
        return tuple(sorted((*edits, *closed, *gone), key=lambda edit: edit.span)) if closed or gone else edits

    def _takes_as_it_is(self, edits: Sequence[Edit], tokens: list[Token]) -> bool:
        """Whether nothing is mended but commas at the cursor that the engine takes: then the text binds as it is."""
        commas = {tokens[index].end for index in self.parser.last_commas}
        return all(
            edit.new_text == "" and edit.span.end in commas and edit.span.of(self.text).strip() == "," for edit in edits
        )

    def _removal(self, tokens: list[Token]) -> Edit:
        """The edit that leaves out the dropped words, with the white space before them."""
        first, last = self.dropped[0], self.dropped[-1]
        before = max((token.end for token in tokens if token.end <= first.start), default=0)
        start = first.start if self.text[before : first.start].strip() else before
        space = " " if glues(self.text[:start][-1:], self.text[last.end : last.end + 1]) else ""
        typed = self.text[first.start : last.end]
        return Edit(Span(start, last.end), space, f"`{typed}` is not finished yet: left out", "unfinished")

    def _parse(self, sql: str, dialect: str) -> None:
        try:
            trees = parsed_trees(sql, dialect)
        except SqlglotError as error:
            self.error = _told(str(error))
            details = getattr(error, "errors", None) or [{}]
            self.error_offset = _offset(sql, details[0].get("line"), details[0].get("col"))
            return
        except (RecursionError, ValueError, TypeError, AttributeError, KeyError, IndexError):
            # sqlglot's parser is not made for broken text, and fails in its own ways on some of it.
            self.error = "it is malformed"
            return
        queries = [tree for tree in trees if tree is not None]
        self.query = as_query(queries[0]) if len(queries) == 1 else None
        if self.query is None:
            self.error = "it is no query"

    def remember(self, known: KnownQueries) -> None:
        """The queries in parentheses that nothing was to be said of are known from now on."""
        told = [*self.analysis.problems, *self.analysis.unfinished]
        touched = [*(edit.span for edit in self.edits), *(problem.span for problem in told if problem.span is not None)]
        tokens = self.parser.tokens
        for query, found in self.analysis.candidates:
            start, end = tokens[query.first - 1].end, tokens[query.last].end
            if not any(span.start < end and start <= span.end for span in touched):
                known.keep(query.text, found)


def _told(message: str) -> str:
    """The first line of the parser's message, without a place (it is one of the edited text) and names of classes."""
    first = message.split("\n", 1)[0]
    return re.sub(r"<class '[\w.]*?(\w+)'>", r"\1", re.sub(r"\.?\s*Line \d+, Col: \d+\.?", "", first)).rstrip(". ")


def _offset(sql: str, line: int | None, column: int | None) -> int | None:
    if line is None or column is None:
        return None
    lines = sql.split("\n")
    return sum(len(before) + 1 for before in lines[: line - 1]) + column


def _found(tree: Query, targets: list[LeftOut]) -> Iterator[Node]:
    if targets:
        for node in walk(tree):
            if any(type(node) is t.kind and node.first == t.first and node.last == t.last for t in targets):
                yield node
