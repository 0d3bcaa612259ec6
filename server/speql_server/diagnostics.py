"""The problems of a document: what the engine refuses, where, and why."""

import asyncio
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import replace

from speql_engines import ConnectionFailedError, Engine, EngineError
from speql_engines.unasked_binding import bind_unasked
from speql_server.analysis import Analysis, Analyst, shifted
from speql_server.clock import Clock
from speql_server.earlier_cells import not_run_yet
from speql_server.latest_only import LatestOnly
from speql_server.masks import certain, masks_of
from speql_server.settings import ServerSettings
from speql_speculator.embedding.driver_parameters import has_driver_parameters
from speql_speculator.embedding.host_variables import is_host_variable
from speql_speculator.embedding.statements_in import statements_in
from speql_speculator.navigating.awaited_statements import awaits_statements, leaves_something
from speql_speculator.navigating.culprits import located
from speql_speculator.navigating.write_targets import writes
from speql_speculator.repair import Repair
from speql_speculator.snapshot import Snapshot
from speql_speculator.statements import Statement
from speql_sql import Catalog, Problem, Span

Publish = Callable[[Analysis, tuple[Problem, ...]], None]
_Leaving = tuple[Sequence[str], Sequence[Statement]]


_REACH = 100
"""How many statements before and behind the one at the cursor are judged: a dump of inserts has thousands."""


_OF_THE_TEXT = frozenset({"several-statements", "empty", "too-deep"})
"""Codes of problems that say how a text is read, and nothing of a statement that SpeQL takes for no query."""


class Diagnoser:
    """Publishes the problems of the newest analysis of one document.

    Two passes. The first runs after a short rest and leaves out what touches the word at the cursor: nobody wants
    to be told that a word is wrong while typing it. The second runs when the text has rested for longer, and says all.

    The engine is the judge: a statement that it binds has no error, whatever our own reading of it says, and where
    it does not bind, its own message and place are shown. Our reading fills in where the engine gives no place.
    """

    def __init__(
        self,
        engine: Engine,
        analyst: Analyst,
        executor: Executor,
        settings: ServerSettings,
        clock: Clock,
        publish: Publish,
        earlier: Callable[[], Sequence[Snapshot]] = tuple,
    ) -> None:
        self._engine = engine
        self._analyst = analyst
        self._executor = executor
        self._settings = settings
        self._publish = publish
        self._earlier = earlier
        self._published: tuple[int, tuple[Problem, ...]] | None = None
        self._known: OrderedDict[tuple[str, str], tuple[Problem, ...]] = OrderedDict()
        self._at_once: LatestOnly[tuple[Problem, ...]] = LatestOnly("diagnostics", sleep=clock.sleep)
        self._settled: LatestOnly[tuple[Problem, ...]] = LatestOnly("diagnostics after a pause", sleep=clock.sleep)

    def update(self, analysis: Analysis) -> None:
        """Start on a new analysis, in place of the one before."""

        def publish(problems: tuple[Problem, ...]) -> None:
            said = (analysis.snapshot.version, problems)
            if said != self._published:
                self._published = said
                self._publish(analysis, problems)

        self._at_once.submit(
            lambda: self._problems(analysis, settled=False), publish, quiet_seconds=self._settings.binding_seconds
        )
        self._settled.submit(
            lambda: self._settled_problems(analysis), publish, quiet_seconds=self._settings.unfinished_seconds
        )

    async def close(self) -> None:
        """Stop both passes."""
        await asyncio.gather(self._at_once.close(), self._settled.close())

    async def _settled_problems(self, analysis: Analysis) -> tuple[Problem, ...]:
        await self._at_once.settled()  # so that nothing is asked twice
        return await self._problems(analysis, settled=True)

    async def _problems(self, analysis: Analysis, *, settled: bool) -> tuple[Problem, ...]:
        if analysis.statement is None:
            return tuple(problem for problem in analysis.problems if problem.severity != "information")
        loop = asyncio.get_running_loop()
        leaving: _Leaving | None = None
        found: list[Problem] = []
        here = bisect_left(analysis.statements, analysis.statement.span.start, key=lambda one: one.span.start)
        around = analysis.statements[max(here - _REACH, 0) : here + _REACH + 1]
        # The statement at the cursor first: it is the one that the engine is asked about most often.
        for statement in sorted(around, key=lambda one: one != analysis.statement):
            if not certain(masks_of(analysis.snapshot, analysis.statements, statement)):
                continue  # whatever the engine says of it may be due to what stands for a placeholder
            try:
                own = await self._of_statement(statement, analysis.catalog)
            except ConnectionFailedError:
                continue  # the next statement that runs will say so, and this one is judged at the next change
            wrong = any(problem.severity == "error" for problem in own)
            if wrong and leaving is None:
                leaving = await loop.run_in_executor(self._executor, _leaving, tuple(self._earlier()), analysis)
            if leaving is not None and wrong and await self._awaits(own, statement, leaving, analysis.catalog):
                own = (_not_made(statement.text),)
            elif own and self._reads_a_variable(own, statement, analysis):
                own = (_variable(statement.text),)
            elif _has_places_for_values(own, statement, analysis):
                own = (_no_values(statement.text),)
            problems = [shifted(problem, statement.span.start) for problem in own]
            if statement == analysis.statement and not settled:
                problems = _outside_the_word(problems, analysis)
            found += problems
        return tuple(sorted(found, key=lambda problem: problem.span or Span(0, 0)))

    def _reads_a_variable(self, problems: Sequence[Problem], statement: Statement, analysis: Analysis) -> bool:
        """Whether a statement is refused for a table that may be a variable of the Python around it."""
        missing = [
            problem.span.of(statement.text)
            for problem in problems
            if problem.severity == "error" and problem.code == "unknown-table" and problem.span is not None
        ]
        return any(is_host_variable(name, (*self._earlier(), analysis.snapshot)) for name in missing)

    async def _of_statement(self, statement: Statement, catalog: Catalog) -> tuple[Problem, ...]:
        """The problems of one statement; spans count from its start."""
        if (too_long := self._analyst.too_long(statement)) is not None:
            return (shifted(too_long, -statement.span.start),)
        key = (statement.text, catalog.version)
        if key not in self._known:
            self._known[key] = await self._judge(statement, catalog)
            if len(self._known) > 1_024:
                self._known.popitem(last=False)
        return self._known[key]

    async def _judge(self, statement: Statement, catalog: Catalog) -> tuple[Problem, ...]:
        loop = asyncio.get_running_loop()
        repaired: Repair = await loop.run_in_executor(
            self._executor, self._analyst.repair, statement.text, catalog, None
        )
        notes = tuple(problem for problem in repaired.problems if problem.severity != "error")
        not_run = [problem for problem in repaired.problems if problem.code == "not-a-query"]
        try:
            binding = await bind_unasked(self._engine, statement.text)
        except EngineError as error:
            refused: tuple[Problem, ...] = (error.problem or Problem("engine", str(error)),)
        else:
            if binding.ok:
                # It is run as it is typed, but for tables that nothing joins: the user is told of those.
                half = {edit.span for edit in repaired.edits if edit.code == "unfinished"}
                return tuple(note for note in notes if note.code == "left-out" and note.span not in half)
            refused = binding.problems
        if any(problem.code == "no-values" for problem in refused):
            return (_no_values(statement.text),)
        if refused and (awaited := not_run_yet(statement.text, catalog)) is not None:
            return (awaited,)
        wrong = tuple(problem for problem in refused if problem.code != "not-a-query")
        if wrong and not_run and not await self._binds_names(wrong, statement, catalog):
            wrong = ()
        if not wrong:
            # Whether it would run is known when it does: of what writes the engine binds the names alone.
            first_word = _first_word(statement.text)
            said = not_run or [problem for problem in refused if problem.code == "not-a-query"]
            return tuple(replace(problem, severity="information", span=first_word) for problem in said)
        placed = await loop.run_in_executor(self._executor, _all_placed, wrong, repaired, statement.text, catalog)
        return (*placed, *(note for note in notes if note not in not_run))

    async def _awaits(
        self, problems: Sequence[Problem], statement: Statement, leaving: _Leaving, catalog: Catalog
    ) -> bool:
        """Whether a statement is refused for what one before it makes, changes or sets, which has not been run."""
        earlier, own = leaving
        before = [*earlier, *(one.text for one in own if one.span.start < statement.span.start)]
        loop = asyncio.get_running_loop()
        return bool(before) and await loop.run_in_executor(
            self._executor, awaits_statements, problems, statement.text, before, catalog
        )

    async def _binds_names(self, problems: Sequence[Problem], statement: Statement, catalog: Catalog) -> bool:
        """Whether the engine has judged the names of a statement that is no query, as it does where one writes."""
        if any(problem.code in _OF_THE_TEXT for problem in problems):
            return False
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, writes, statement.text, catalog.dialect)


def _leaving(earlier: Sequence[Snapshot], analysis: Analysis) -> _Leaving:
    """The statements of the cells before a cell, and those of a document, that others may wait for."""
    texts = [text for one in earlier for text in statements_in(one, analysis.catalog.dialect)]
    own = [one for one in analysis.statements if leaves_something(one.text)]
    return [text for text in texts if leaves_something(text)], own


def _has_places_for_values(problems: Sequence[Problem], statement: Statement, analysis: Analysis) -> bool:
    """Whether a statement of a program is refused, and has places where a driver puts values."""
    if analysis.snapshot.projection is None or all(problem.severity != "error" for problem in problems):
        return False
    return has_driver_parameters(statement.text, analysis.catalog.dialect)


def _not_made(text: str) -> Problem:
    message = "This needs what a statement before it makes or sets, and that has not been run."
    return Problem("not-run-yet", message, _first_word(text), "information", "Submit that one first.")


def _variable(text: str) -> Problem:
    message = "This reads a variable of Python, which is known where it runs only."
    return Problem("host-variable", message, _first_word(text), "information")


def _no_values(text: str) -> Problem:
    message = "This has parameters, and their values are known where it runs only."
    return Problem("no-values", message, _first_word(text), "information", "Write values to see a preview.")


def _all_placed(problems: Sequence[Problem], repaired: Repair, text: str, catalog: Catalog) -> tuple[Problem, ...]:
    """The problems of a statement at their places."""
    return tuple(_placed(located(problem, text, catalog), repaired, text) for problem in problems)


def _placed(problem: Problem, repaired: Repair, text: str) -> Problem:
    """The engine's problem with a place and, where there is a repair, with what SpeQL runs instead."""
    ours = next((own for own in repaired.problems if own.code == problem.code and own.span is not None), None)
    span = problem.span or (ours.span if ours is not None else None)
    if span is None:
        span = repaired.edits[0].span if repaired.edits else _first_word(text)
    if span.start == span.end and text:
        # An empty range shows as nothing in most editors: widen it over the character before.
        span = Span(max(span.start - 1, 0), max(span.end, 1))
    hint = problem.hint
    if not hint and repaired.sql is not None and repaired.edits:
        hint = f"The preview reads it so: {'; '.join(edit.reason for edit in repaired.edits[:3])}."
    return replace(problem, span=span, hint=hint)


def _outside_the_word(problems: list[Problem], analysis: Analysis) -> list[Problem]:
    """Those that do not touch the word at the cursor; of a text that does not parse, only the notes."""
    cursor = analysis.snapshot.cursor
    if cursor is None:
        return problems
    return [
        problem
        for problem in problems
        if problem.severity == "information"
        or (not problem.code.startswith("syntax") and problem.span is not None and not problem.span.touches(cursor))
    ]


def _first_word(text: str) -> Span:
    end = next((at for at, point in enumerate(text) if point.isspace()), len(text))
    return Span(0, max(end, min(1, len(text))))
