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
from speql_speculator.navigating.culprits import located
from speql_speculator.navigating.made_names import is_awaited, made_names
from speql_speculator.navigating.made_tables import made_by
from speql_speculator.predicting.words import tables_named
from speql_speculator.repair import Repair
from speql_speculator.snapshot import Snapshot
from speql_speculator.statements import Statement
from speql_sql import Catalog, Problem, Span

Publish = Callable[[Analysis, tuple[Problem, ...]], None]


_REACH = 100
"""How many statements before and behind the one at the cursor are judged: a dump of inserts has thousands."""


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
            if own and _reads_what_is_not_made(own, statement, analysis):
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
                return tuple(note for note in notes if note.code == "left-out")
            refused = binding.problems
        if any(problem.code == "no-values" for problem in refused):
            return (_no_values(statement.text),)
        if refused and (awaited := not_run_yet(statement.text, catalog)) is not None:
            return (awaited,)
        if not_run or any(problem.code == "not-a-query" for problem in refused):
            # Whether it would run is known when it does: the engine binds queries only.
            first_word = _first_word(statement.text)
            said = not_run or [problem for problem in refused if problem.code == "not-a-query"]
            return tuple(replace(problem, severity="information", span=first_word) for problem in said)
        placed = await loop.run_in_executor(self._executor, _all_placed, refused, repaired, statement.text, catalog)
        return (*placed, *notes)


def _reads_what_is_not_made(problems: Sequence[Problem], statement: Statement, analysis: Analysis) -> bool:
    """Whether a statement is refused for what a statement before it makes, which has not been run."""
    catalog = analysis.catalog
    errors = [problem for problem in problems if problem.severity == "error" and problem.code.startswith("unknown-")]
    if not errors:
        return False
    before = [other.text for other in analysis.statements if other.span.start < statement.span.start]
    for made in {name for text in before for name in made_names(text, catalog)}:
        if any(is_awaited(problem, statement.text, made, catalog) for problem in errors):
            return True
    if not any(problem.code == "unknown-table" for problem in errors):
        return False
    dialect = catalog.dialect
    missing = {name for text in before if (name := made_by(text, dialect)) and catalog.find(name) is None}
    return bool(missing) and not missing.isdisjoint(tables_named(statement.text, dialect))


def _has_places_for_values(problems: Sequence[Problem], statement: Statement, analysis: Analysis) -> bool:
    """Whether a statement of a program is refused, and has places where a driver puts values."""
    if analysis.snapshot.projection is None or all(problem.severity != "error" for problem in problems):
        return False
    return has_driver_parameters(statement.text, analysis.catalog.dialect)


def _not_made(text: str) -> Problem:
    message = "This reads what a statement before it makes, and that has not been run."
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
