"""What a snapshot says: its statements, and of the one at the cursor its repair, units and superset query."""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from speql_scheduler.matching.open_units import open_units
from speql_scheduler.matching.units import KnownUnits, Unit, unit_at, units_of
from speql_scheduler.running.costs import crossed_rows
from speql_server.lsp.positions import LineIndex
from speql_server.lsp.projected_lines import lines_of
from speql_server.masks import certain, masks_of
from speql_server.prediction import NOTHING_PREDICTED, Predicted
from speql_speculator.edits import Edit
from speql_speculator.embedding.projection import Mask
from speql_speculator.hot_columns import NOTHING_HOT, HotColumns, hot_columns
from speql_speculator.predicting.likely_columns import LikelyColumn
from speql_speculator.predicting.over_projection import OverProjection
from speql_speculator.predicting.words import tables_named
from speql_speculator.repair import Repair, repair
from speql_speculator.snapshot import Snapshot
from speql_speculator.statements import Statement, split_statements, statement_at
from speql_speculator.superset import superset
from speql_sql import Catalog, Problem, Span
from speql_sql.parse import parse_query
from speql_sql.qualify import qualify_query

T = TypeVar("T")

_JOINED = {"join-condition", "left-out"}
"""Codes of the edits that keep unjoined tables from being multiplied."""

_GUESSED = {*_JOINED, "table-inferred", "missing-from", "columns-added", "main-query-added", "language-model"}
"""Codes of the edits that decide what the query reads."""

_CONDITION_WORDS = {"where", "and", "or", "on", "having", "when", "qualify", "not"}
"""What a condition begins with."""

_COMPLETIONS = {"word-completed", "name-completed"}
"""Codes of edits that say the rest of a word."""

_CROSSED_ROWS = 10_000_000
"""Tables that nothing joins are run as they are typed while they give no more rows than this."""


@dataclass(frozen=True)
class Analysis:
    """A snapshot, analysed. All spans are offsets in the document.

    ``statement`` is the one at the cursor, None where there is none; ``repair``, ``units`` and ``unit`` are of it.
    ``open_units`` are the paths of those that the user is writing.
    ``likely`` are the columns that are likely to be used next, by what was run before, the likeliest first.
    ``superset`` is an ``exp.Query``, and None if there is nothing to run: then ``problems`` say why.
    """

    snapshot: Snapshot
    catalog: Catalog
    lines: LineIndex
    statements: tuple[Statement, ...] = ()
    statement: Statement | None = None
    repair: Repair | None = None
    unit: Unit | None = None
    units: tuple[Unit, ...] = ()
    open_units: frozenset[tuple[str, ...]] = frozenset()
    hot: HotColumns = NOTHING_HOT
    superset: Any = None
    likely: tuple[LikelyColumn, ...] = ()
    problems: tuple[Problem, ...] = ()
    seconds: float = 0.0

    @property
    def edits(self) -> tuple[Edit, ...]:
        """The repair's edits, their spans relative to the statement."""
        return self.repair.edits if self.repair is not None else ()

    def is_predicted(self, edit: Edit) -> bool:
        """Whether an edit says the rest of the word at the cursor: the user types it, or takes it as ghost text."""
        return edit.code in _COMPLETIONS and edit.span.end == typed_cursor(self)

    @property
    def masks(self) -> tuple[Mask, ...]:
        """The placeholders that the statement is read with."""
        return masks_of(self.snapshot, self.statements, self.statement) if self.statement is not None else ()

    @property
    def preview_span(self) -> Span | None:
        """Where in the document the previewed SELECT is: from its place in the repaired text back to the typed one."""
        if self.statement is None:
            return None
        if self.unit is None or self.repair is None or self.unit.kind == "main":
            return self.statement.span
        start = offset_in_typed(self.repair, self.unit.span.start)
        end = offset_in_typed(self.repair, self.unit.span.end)
        return Span(start, max(start, end)).shifted(self.statement.span.start)

    def place_in(self, path: tuple[str, ...]) -> int | None:
        """A place in the document at which the cursor is in the SELECT of that path; None if there is no such place."""
        if self.statement is None or self.repair is None or not self.units:
            return self.statement.span.start if self.statement is not None and path == ("main",) else None
        wanted = next((unit for unit in self.units if unit.path == path), None)
        if wanted is None:
            return None
        inside = [unit.span.end + 1 for unit in self.units if wanted.span.start < unit.span.end < wanted.span.end]
        for place in (wanted.span.start, wanted.span.end, *inside):
            found = unit_at(self.units, place)
            if found is not None and found.path == path:
                return self.statement.span.start + offset_in_typed(self.repair, place)
        return None

    @property
    def as_typed(self) -> bool:
        """Whether what is run is just what the user typed."""
        return not self.edits and certain(self.masks)

    @property
    def guessed(self) -> bool:
        """Whether the repair has put in tables or joins."""
        return any(edit.code in _GUESSED for edit in self.edits)

    @property
    def closed_texts(self) -> tuple[str, ...]:
        """The texts of the SELECTs that the user has left."""
        if self.repair is None or self.repair.sql is None:
            return ()
        sql = self.repair.sql
        return tuple(unit.span.of(sql) for unit in self.units if unit.path not in self.open_units)

    @property
    def predicted(self) -> bool:
        """Whether the preview is of something that a repair changed, and not wholly what the user typed.

        The whole query depends on every edit. A SELECT inside it depends on the text before its end: on its own, and
        on the CTEs that come before it; also on what was taken away at its end, but not on what was put there to close
        the query around it.
        """
        if not certain(self.masks):
            return True
        if self.repair is None or self.unit is None or self.unit.kind == "main":
            return bool(self.edits)
        shift = 0
        for edit in sorted(self.repair.edits, key=lambda edit: edit.span):
            start = edit.span.start + shift
            if start < self.unit.span.end or (start == self.unit.span.end and edit.span.start < edit.span.end):
                return True
            shift += len(edit.new_text) - (edit.span.end - edit.span.start)
        return False


class Analyst:
    """Analyses snapshots; an unchanged statement is not analysed twice.

    Used from the analysis thread alone, so it needs no lock. Values that it returns are frozen and may go anywhere.
    """

    def __init__(self, document_limit: int, statement_limit: int) -> None:
        self._document_limit = document_limit
        self._statement_limit = statement_limit
        self._known = KnownUnits()
        self._units: _Cache[tuple[Unit, ...]] = _Cache(8)
        self._supersets: _Cache[Any] = _Cache(8)
        self._over_projection = OverProjection()
        self._splits: _Cache[tuple[Statement, ...]] = _Cache(4)

    def analyse(self, snapshot: Snapshot, catalog: Catalog) -> Analysis:
        """The analysis of a snapshot. Bad SQL and text that is not SQL are no errors."""
        return self.planned(self.repaired(snapshot, catalog))

    def repaired(self, snapshot: Snapshot, catalog: Catalog) -> Analysis:
        """The first half of the analysis, all that a submit needs: the statement at the cursor and its repair."""
        started = time.perf_counter()
        lines = lines_of(snapshot)
        if len(snapshot.text) > self._document_limit:
            problem = Problem(
                "document-too-large",
                f"This document has {len(snapshot.text):,} characters; SpeQL reads up to {self._document_limit:,}.",
                Span(0, 0),
                "warning",
                "Move the statements that you work on to a file of their own.",
            )
            return Analysis(snapshot, catalog, lines, problems=(problem,))
        statements = self.statements(snapshot, catalog)
        statement = _current(statements, snapshot.cursor)
        if statement is None:
            return Analysis(snapshot, catalog, lines, statements, problems=(_nothing_typed(snapshot),))
        if (problem_of_size := self.too_long(statement)) is not None:
            return Analysis(snapshot, catalog, lines, statements, statement, problems=(problem_of_size,))
        typed, cursor = _typed(snapshot, statement)
        found = self.repair(typed, catalog, cursor)
        problems = tuple(shifted(problem, statement.span.start) for problem in found.problems)
        seconds = time.perf_counter() - started
        return Analysis(snapshot, catalog, lines, statements, statement, found, problems=problems, seconds=seconds)

    def as_typed(self, analysis: Analysis) -> Analysis:
        """The first half of the analysis of a statement that the engine accepts as it is typed: it is not repaired.

        The engine knows its own SQL best. Two exceptions, where valid is not yet meant: a condition that is a bare
        value so far (``WHERE carrier``, which many engines take and fail on when they run it), and a list of tables
        that nothing joins yet, which would be multiplied. There the repair stands.
        """
        started = time.perf_counter()
        statement, repaired = analysis.statement, analysis.repair
        assert statement is not None, "the engine was asked about one"
        assert repaired is not None, "it was analysed"
        typed, cursor = _typed(analysis.snapshot, statement)
        query = parse_query(typed, analysis.catalog.dialect).query
        if query is None:
            problem = Problem(
                "not-understood",
                "The engine runs this statement, but SpeQL cannot read it, so it has no preview.",
                Span(0, 0).shifted(statement.span.start),
                "information",
                "Submit it to see its rows.",
            )
            return replace(analysis, repair=None, problems=(problem,))
        qualified = qualify_query(query, analysis.catalog).query
        if any(_completes_a_condition(edit, typed) for edit in repaired.edits):
            return analysis
        if _JOINED & {edit.code for edit in repaired.edits} and (
            qualified is None or crossed_rows(qualified, analysis.catalog) > _CROSSED_ROWS
        ):
            return analysis
        accepted = Repair(typed=typed, sql=typed, edits=(), confidence=1.0, problems=(), query=query, cursor=cursor)
        seconds = analysis.seconds + time.perf_counter() - started
        return replace(analysis, repair=accepted, problems=(), seconds=seconds)

    def planned(self, analysis: Analysis, predicted: Predicted = NOTHING_PREDICTED) -> Analysis:
        """The second half: the units of the repaired query, and what may be wanted of it next."""
        started = time.perf_counter()
        repaired, catalog = analysis.repair, analysis.catalog
        if repaired is None or repaired.query is None or repaired.sql is None:
            return analysis
        sql, query = repaired.sql, repaired.query
        units = self._units.get((sql, catalog.version), lambda: units_of(sql, query, catalog, known=self._known))
        place = repaired.cursor if repaired.cursor is not None else 0
        tables = frozenset(tables_named(sql, catalog.dialect)) if predicted.columns else None
        added = self._over_projection.choose((tables, catalog.version), predicted.columns)
        inserted = inserted_spans(repaired)
        larger = self._supersets.get((sql, added, catalog.version), lambda: superset(query, catalog, added))
        return replace(
            analysis,
            unit=unit_at(units, place),
            units=units,
            open_units=open_units(units, sql, repaired.cursor, catalog.dialect, inserted),
            hot=reordered(hot_columns(sql, repaired.cursor, catalog, inserted), dict(predicted.changing)),
            likely=predicted.columns,
            superset=larger,
            seconds=analysis.seconds + time.perf_counter() - started,
        )

    def repair(self, text: str, catalog: Catalog, cursor: int | None) -> Repair:
        """The repair of a statement's text."""
        return repair(text, catalog, cursor)

    def statements(self, snapshot: Snapshot, catalog: Catalog) -> tuple[Statement, ...]:
        """The statements of a document; none goes over the end of a region."""
        text, dialect = snapshot.text, catalog.dialect
        regions = [region.sql for region in snapshot.projection.regions] if snapshot.projection is not None else []
        if len(regions) < 2:
            return split_statements(text, dialect)
        return self._splits.get(
            (text, tuple(regions), dialect),
            lambda: tuple(
                Statement(one.span.shifted(region.start), one.text)
                for region in regions
                for one in split_statements(region.of(text), dialect)
            ),
        )

    def too_long(self, statement: Statement) -> Problem | None:
        """The problem of a statement that is too long to be analysed while typing."""
        if len(statement.text) <= self._statement_limit:
            return None
        return Problem(
            "statement-too-long",
            f"This statement has {len(statement.text):,} characters; SpeQL analyses up to {self._statement_limit:,}.",
            Span(statement.span.start, statement.span.start),
            "warning",
            "Submit still runs it as written.",
        )


def reordered(hot: HotColumns, changing: dict[str, float]) -> HotColumns:
    """Hot columns with those first whose constants were changed before: what was changed often is changed again."""
    if not changing:
        return hot
    return replace(hot, likely=tuple(sorted(hot.likely, key=lambda name: -changing.get(name, 0.0))))


def typed_cursor(analysis: Analysis) -> int | None:
    """Where the cursor is in the text of the statement that was repaired."""
    return _typed(analysis.snapshot, analysis.statement)[1] if analysis.statement is not None else None


def _completes_a_condition(edit: Edit, typed: str) -> bool:
    """Whether the edit leaves out a condition that is only begun, or gives it its other side."""
    if edit.code == "join-condition":
        return edit.new_text.lstrip()[:1] in "=<>!"
    if edit.code != "unfinished":
        return False
    words = edit.span.of(typed).lower().replace("(", " ").replace(")", " ").split()
    return bool(words) and (words[0] in _CONDITION_WORDS or words[-1] in {"and", "or"})


def shifted(problem: Problem, by: int) -> Problem:
    """The same problem with its place counted from the document's start."""
    return problem.shifted(by)


def offset_in_typed(repaired: Repair, offset: int) -> int:
    """The place in the typed text of one in the repaired text; inside inserted text, where that was inserted."""
    shift = 0
    for edit in sorted(repaired.edits, key=lambda edit: edit.span):
        start = edit.span.start + shift
        if offset <= start:
            break
        if offset <= start + len(edit.new_text):
            return edit.span.end
        shift += len(edit.new_text) - (edit.span.end - edit.span.start)
    return min(max(offset - shift, 0), len(repaired.typed))


def inserted_spans(repaired: Repair) -> tuple[Span, ...]:
    """Where in the repaired text the words stand that the user has not typed."""
    shift, found = 0, []
    for edit in sorted(repaired.edits, key=lambda edit: edit.span):
        start = edit.span.start + shift
        found.append(Span(start, start + len(edit.new_text)))
        shift += len(edit.new_text) - (edit.span.end - edit.span.start)
    return tuple(found)


def _current(statements: tuple[Statement, ...], cursor: int | None) -> Statement | None:
    """The statement at the cursor, or the nearest before it: behind the last semicolon its result is still of use."""
    if not statements or cursor is None:
        return statements[0] if statements else None
    found = statement_at(statements, cursor)
    if found is not None:
        return found
    before = [statement for statement in statements if statement.span.end <= cursor]
    return before[-1] if before else statements[0]


def _typed(snapshot: Snapshot, statement: Statement) -> tuple[str, int | None]:
    """The statement's text with the blanks up to the cursor, and the cursor's place in it.

    The blanks are no part of the statement, but they tell a finished word from one that is being typed.
    """
    if snapshot.cursor is None:
        return statement.text, None
    cursor = max(snapshot.cursor - statement.span.start, 0)
    blanks = snapshot.text[statement.span.end : snapshot.cursor]
    typed = statement.text + blanks if blanks.isspace() else statement.text
    return typed, min(cursor, len(typed))


def _nothing_typed(snapshot: Snapshot) -> Problem:
    text = snapshot.text
    if snapshot.projection is not None and not snapshot.projection.regions:
        hint = "Strings of calls like duckdb.sql(...) and cells that begin with %%sql are read."
        return Problem("no-sql", "This document holds no SQL.", None, "information", hint)
    empty = not text.strip()
    return Problem(
        "empty-document" if empty else "no-statement",
        "This document is empty." if empty else "This document has no statement yet, only comments.",
        None,
        "information",
        "Type a query, for example FROM and the name of a table; its rows appear while you type.",
    )


class _Cache(Generic[T]):
    """The last few values by key."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._values: OrderedDict[Hashable, T] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        if key in self._values:
            self._values.move_to_end(key)
            return self._values[key]
        value = self._values[key] = make()
        if len(self._values) > self._size:
            self._values.popitem(last=False)
        return value
