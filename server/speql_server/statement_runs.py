"""What the user submits, as written."""

import asyncio
from dataclasses import dataclass

from speql_engines import Engine, EngineError
from speql_scheduler.running.answer import Answer
from speql_scheduler.running.scheduler import Scheduler
from speql_server.analysis import Analysis, shifted
from speql_server.masks import refusal
from speql_speculator.repair import Repair
from speql_sql import Problem, SpeqlError


@dataclass(frozen=True, slots=True)
class Ran:
    """What became of a statement: its answer, or the problems that it has. ``name`` is for those who want more rows."""

    answer: Answer | None = None
    problems: tuple[Problem, ...] = ()
    name: str = ""


class StatementRuns:
    """The submits of one document that run."""

    def __init__(self, engine: Engine, scheduler: Scheduler) -> None:
        self._engine = engine
        self._scheduler = scheduler
        self._tasks: set[asyncio.Task[Answer]] = set()
        self._closed = False

    async def run(self, analysis: Analysis) -> Ran:
        """Submit the statement of an analysis; a refusal is told as problems, with their places in the document.

        What the engine does not accept is refused with its problem; if there is a repair, the message says how to take
        it: running something else than what was written is not ours to decide.
        """
        statement, repaired = analysis.statement, analysis.repair
        if statement is None:
            return Ran(problems=analysis.problems)
        if (unresolved := refusal(analysis.masks)) is not None:
            return Ran(problems=(unresolved,))
        start, query = statement.span.start, None
        if repaired is not None and repaired.query is not None and not repaired.edits:
            query = repaired.query
        elif repaired is not None and not _is_statement(repaired):
            told = (await self._engine.bind(statement.text)).problems
            # A query that writes cannot be looked at, and may be run.
            refused = tuple(problem for problem in told if problem.code != "not-a-query")
            if refused and repaired.query is not None:
                return Ran(problems=(*(shifted(problem, start) for problem in refused), _offer_of_repair(repaired)))
            if refused:
                return Ran(problems=tuple(shifted(problem, start) for problem in refused))
        if self._closed:
            return Ran(problems=(_CANCELLED,))  # while it was looked at: nobody would stop it any more
        task = asyncio.get_running_loop().create_task(
            self._scheduler.submit(statement.text, query, analysis.catalog), name="submit"
        )
        self._tasks.add(task)
        try:
            answer = await task
            name = self._scheduler.results.name(statement.text, query, analysis.catalog) if query is not None else ""
            return Ran(answer, name=name)
        except SpeqlError as error:
            cause = error.problem if isinstance(error, EngineError) else None
            problem = cause or Problem("engine", error.message, None, "error", error.hint)
            return Ran(problems=(shifted(problem, start),))
        except asyncio.CancelledError:
            current = asyncio.current_task()
            if current is not None and current.cancelling():  # the client took its request back
                raise
            return Ran(problems=(_CANCELLED,))
        finally:
            self._tasks.discard(task)

    def cancel(self) -> None:
        """Stop those that run."""
        for task in self._tasks:
            task.cancel()

    async def close(self) -> None:
        """Stop those that run, begin no other, and wait until they have ended."""
        self._closed = True
        self.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


_CANCELLED = Problem("cancelled", "The submit was cancelled.", None, "information")


def _is_statement(repaired: Repair) -> bool:
    """Whether there is a statement to run as written, though it is not a query."""
    return any(problem.code == "not-a-query" for problem in repaired.problems)


def _offer_of_repair(repaired: Repair) -> Problem:
    reasons = "; ".join(edit.reason for edit in repaired.edits[:3])
    return Problem(
        "not-submitted",
        "The statement was not run, because the engine does not accept it as it is written.",
        None,
        "information",
        f"Accept the repair (speql.acceptRepair) and submit again. It would change this: {reasons}.",
    )
