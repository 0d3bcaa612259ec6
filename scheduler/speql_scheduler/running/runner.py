"""The creates of a document: one at a time, in order, each cancelled as soon as nobody wants it.

**Cancellation.** What we want: work that nobody wants any more stops on the engine, at once, and leaves nothing; who
waits for it goes on; and nothing of this is an error.

What cannot be had: `task.cancel()` only asks. The task ends when the engine has really stopped, milliseconds later (a
warehouse: longer), and until then it may still succeed. And `CancelledError` has two meanings for one who awaits
another's task: "I was cancelled" and "that task was". From the exception alone they cannot be told apart, so code that
catches it swallows its own cancellation sooner or later, and then `close` waits for ever.

What does not work: `await job` (a preview waiting for its ancestor dies with the ancestor, or takes it along when the
preview itself is cancelled, though another document may want it); `asyncio.shield` (keeps the job, but raises the
ambiguous error all the same); `asyncio.wait_for` around an awaited job (cancels the job of somebody else at a timeout).

The solution:

1. A job is a task that its owner (`Runner`, `Previews`) started and only its owner cancels. Its coroutine returns an
   outcome, success or failure, as a value; the only exception that leaves it is its own `CancelledError`.
2. Everybody else waits with `asyncio.wait({task})` or on a future that the owner resolves with None (`settled`). Both
   raise `CancelledError` for one reason only: the waiter was cancelled. What became of the job is looked up afterwards.
3. The owner learns of every end in a done-callback, which is synchronous: taking a job off and starting the next is
   one moment on the loop. A job that is being cancelled stays the running one until it has ended, so that two creates
   never overlap.
4. A job wanted again while it is being cancelled is queued anew; the old task's end concerns the old task only.
5. Time limits are `asyncio.timeout` inside the job: the engine call is cancelled, and waits for the engine, as in any
   other cancellation; outside a `TimeoutError` appears, which nothing else raises there.

What still fails: an engine that does not stop when asked holds the create slot for so long; a create that finishes in
the very moment of its cancellation may be dropped by the adapter although it was complete.
"""

import asyncio
import logging
from collections.abc import Collection
from dataclasses import dataclass

from speql_engines import Engine, SpeculationHeldError, TempTable
from speql_scheduler.running.allowance import Allowance
from speql_scheduler.running.analysis import Analysis
from speql_scheduler.running.answering import same_types
from speql_scheduler.running.costs import believed_work
from speql_scheduler.running.engine_facts import EngineFacts
from speql_scheduler.running.group_counts import GroupCounts
from speql_scheduler.running.job_graph import Job, JobBoard
from speql_scheduler.running.planner import Plan, PlannedUnit
from speql_scheduler.running.settings import SchedulerSettings
from speql_scheduler.running.store import TOOK_LONGER, WAS_TOO_LARGE, Lease, Store
from speql_scheduler.running.tasks import TaskSet
from speql_scheduler.running.wanted import rewrite_wanted
from speql_sql import SpeqlError

logger = logging.getLogger(__name__)

COUNTED_SHARE = 0.25
"""Estimates of more than this share of the rows that are too many in doubt are checked before a create."""


@dataclass(frozen=True)
class RunningCreate:
    """The create that runs now. ``started`` is on the settings' clock."""

    unit: PlannedUnit
    epoch: int
    task: asyncio.Task[None]
    started: float


class Runner:
    """Runs the creates of one document's plan. Never raises: a failed speculation is a job in the graph, no more."""

    def __init__(
        self,
        engine: Engine,
        store: Store,
        analysis: Analysis,
        facts: EngineFacts,
        board: JobBoard,
        allowance: Allowance,
        settings: SchedulerSettings,
    ) -> None:
        self._engine = engine
        self._store = store
        self._analysis = analysis
        self._facts = facts
        self._board = board
        self._settings = settings
        self._allowance = allowance
        self._direct_seconds = 0.0
        self._group_counts = GroupCounts(engine)
        self._tasks = TaskSet()
        self._queue: dict[str, tuple[PlannedUnit, int]] = {}
        self._first: frozenset[str] = frozenset()
        self._released = False
        self._holds = 0
        self._running: RunningCreate | None = None
        self._ends: dict[str, asyncio.Future[None]] = {}

    @property
    def running(self) -> RunningCreate | None:
        """The create that runs and is not being cancelled."""
        running = self._running
        return None if running is None or running.task.cancelling() else running

    def want(self, plan: Plan, first: Collection[str]) -> None:
        """Replace what is wanted: the creates of ``plan``, of which those in ``first`` may start at once.

        What is queued and no longer wanted is greyed out; what runs and is no longer wanted is cancelled on the
        engine; what runs and is still wanted goes on.
        """
        wanted = {unit.key: (unit, plan.epoch) for unit in plan.creates}
        running = self.running
        if running is not None:
            still_wanted = running.unit.key in wanted and running.epoch == plan.epoch
            if still_wanted:
                del wanted[running.unit.key]
            else:
                self._cancel(running, "no longer wanted")
        self._board.prune({*(unit.key for unit in plan.units), *self._queue, *self._ends})
        for key in self._queue.keys() - wanted.keys():
            self._board.change(key, state="greyed", reason="no longer wanted")
            self._end(key)
        self._queue = wanted
        self._direct_seconds = plan.direct_seconds
        self._first = frozenset(first)
        self._released = False
        for key, (unit, _) in wanted.items():
            self._ends.setdefault(key, asyncio.get_running_loop().create_future())
            self._board.put(_job(unit))
        self._start_next()

    def release(self) -> None:
        """Let the rest of the queue run too."""
        self._released = True
        self._start_next()

    def drop_open(self, reason: str) -> None:
        """Forget and cancel the creates of SELECTs that were being written: they are written on."""
        for key, (unit, _) in tuple(self._queue.items()):
            if not unit.closed:
                del self._queue[key]
                self._board.change(key, state="greyed", reason=reason)
                self._end(key)
        if (running := self.running) is not None and not running.unit.closed:
            self._cancel(running, reason)

    def hold(self) -> None:
        """Start nothing new until as many `resume`: a submit goes ahead."""
        self._holds += 1

    def resume(self) -> None:
        """The submit is done."""
        self._holds -= 1
        self._start_next()

    def drop_all_but(self, key: str | None, reason: str) -> None:
        """Forget the queue and cancel what runs, except the create of that key."""
        for queued in tuple(self._queue):
            self._board.change(queued, state="greyed", reason=reason)
            self._end(queued)
        self._queue = {}
        if (running := self.running) is not None and running.unit.key != key:
            self._cancel(running, reason)

    async def settled(self, keys: Collection[str]) -> None:
        """Wait until none of these creates is queued or running, whatever became of them."""
        while waiting := [self._ends[key] for key in keys if key in self._ends]:
            await asyncio.wait(waiting)

    @property
    def tasks(self) -> TaskSet:
        """What runs."""
        return self._tasks

    def _start_next(self) -> None:
        if self._holds or self._running is not None:
            return
        runnable = [key for key in self._queue if key in self._first]
        if self._released:
            runnable += [key for key in self._queue if key not in self._first]
        if not runnable:
            return
        unit, epoch = self._queue.pop(runnable[0])
        if self._overrun(unit) * self._allowance.room(self._direct_seconds, unit.share) < unit.seconds:
            reason = "not now: what was worked ahead is already much more than the query's own work"
            self._board.change(unit.key, state="greyed", reason=reason)
            self._end(unit.key)
            self._start_next()
            return
        task = self._tasks.spawn(self._run(unit, epoch), f"create {unit.wanted.view.name}")
        self._running = RunningCreate(unit, epoch, task, self._settings.clock())
        task.add_done_callback(self._finished)

    def _overrun(self, unit: PlannedUnit) -> float:
        return self._settings.closed_overrun if unit.closed else self._settings.overrun

    def _finished(self, task: asyncio.Task[None]) -> None:
        running, self._running = self._running, None
        assert running is not None, "nothing else is started while a create runs"
        key = running.unit.key
        if task.cancelled() and key not in self._queue:
            self._board.change(key, state="cancelled")
        if key not in self._queue:
            self._end(key)
        self._start_next()

    def _cancel(self, running: RunningCreate, reason: str) -> None:
        self._board.change(running.unit.key, state="greyed", reason=reason)
        running.task.cancel()

    def _end(self, key: str) -> None:
        if future := self._ends.pop(key, None):
            future.set_result(None)

    async def _run(self, unit: PlannedUnit, epoch: int) -> None:
        """One create, from its turn to the store; its outcome is on the board."""
        key = unit.key
        settings = self._settings
        overrun = settings.whole_overrun if unit.share == "whole" else self._overrun(unit)
        limit = min(overrun * unit.seconds + 0.5, settings.create_seconds)
        if not unit.closed:
            # What is written on is likely to be made in vain; what the user has left is not: where its estimate is too
            # low, that of the whole query, which the allowance goes by, is so too, and to stop it would waste it.
            room = self._allowance.room(self._direct_seconds, unit.share)
            limit = min(limit, max(overrun * room, settings.free_seconds))
        async with self._store.create_slot:
            started = self._settings.clock()
            if stored := self._store.find(key):
                made = stored.table
                self._board.change(key, state="done", table=made.name, rows=made.rows, bytes=made.bytes)
                return
            self._board.change(key, state="running")
            try:
                with self._board.noting_queries(key):
                    async with asyncio.timeout(limit):
                        table, refusal = await self._create(unit, epoch)
            except asyncio.CancelledError:
                self._observe(unit, self._settings.clock() - started, stopped=True)
                raise
            except TimeoutError:
                self._observe(unit, self._settings.clock() - started, stopped=True)
                self._refuse(key, "cancelled", f"{TOOK_LONGER} {limit:.2g} s")
            except SpeculationHeldError as error:
                # Not remembered: it may be made when there is money again, and to ask costs nothing.
                self._board.change(key, state="greyed", reason=error.message)
            except SpeqlError as error:
                self._refuse(key, "failed", error.message)
            else:
                seconds = self._settings.clock() - started
                if table is None:
                    self._refuse(key, "greyed", refusal)
                    return
                self._observe(unit, table.seconds)
                self._board.change(key, table=table.name, rows=table.rows, bytes=table.bytes, seconds=seconds)
                if refusal:
                    self._board.change(key, state="evicted", reason=refusal)
                elif self._store.find(key):
                    self._board.change(key, state="done")
            finally:
                self._allowance.spend(self._settings.clock() - started, unit.share)

    def _observe(self, unit: PlannedUnit, seconds: float, *, stopped: bool = False) -> None:
        """Learn from a create how fast the engine is; over temp tables it says nothing of the unit's own tables."""
        if unit.estimate is not None:
            work = believed_work(unit.estimate, unit.base_rows, self._settings)
            self._facts.worked(unit.wanted.shape if unit.base_rows else None, work, seconds, stopped=stopped)

    async def _too_many_groups(self, unit: PlannedUnit) -> str:
        """Why the temp table would be too large, by a sample where the estimate may be far off; else nothing."""
        estimate, most = unit.estimate, self._settings.doubtful_rows
        if estimate is None or not (unit.verdict.doubtful or estimate.rows > COUNTED_SHARE * most):
            return ""
        rows = await self._group_counts.of(unit.wanted)
        return f"too large: about {rows:,} rows, by a sample" if rows is not None and rows > most else ""

    async def _create(self, unit: PlannedUnit, epoch: int) -> tuple[TempTable | None, str]:
        """Create the temp table, over others where that is possible; the table, and why it was not made or kept."""
        if too_many := await self._too_many_groups(unit):
            return None, too_many
        with self._store.lease() as lease:
            sql = await self._sql_over_store(unit, lease)
            name = self._store.new_name(unit.key)
            self._board.change(unit.key, sql=sql)
            most = self._settings.doubtful_rows if unit.verdict.doubtful else None
            table = await self._engine.create_temp_table(name, sql, most)
            # From here to `add` there is no await: see the life of a temp table, 1.
            if most is not None and table.rows > most:
                self._store.discard(table)
                return table, self._store.refuse(unit.key, f"{WAS_TOO_LARGE} {most:,} rows")
            refusal = self._store.add(unit.key, unit.wanted.view, table, epoch)
        await self._facts.epoch()  # if the data has moved while it was made, this discards it
        return table, refusal

    async def _sql_over_store(self, unit: PlannedUnit, lease: Lease) -> str:
        """The SQL that creates the unit; over temp tables only if the columns come out as they should."""
        direct = unit.wanted.sql
        if not lease.views:
            return direct
        rewritten = await self._analysis.run(rewrite_wanted, unit.wanted, lease.views)
        lease.keep_only(rewritten.uses)
        if rewritten.sql is None:
            return direct
        here, there = await self._facts.bind(direct), await self._facts.bind(rewritten.sql)
        if not there.ok or not same_types(here.columns, there.columns):
            logger.warning("%s is created from base tables: over temp tables its columns differ", unit.wanted.path)
            return direct
        return rewritten.sql

    def _refuse(self, key: str, state: str, reason: str) -> None:
        """Remember that this create is not to be tried again on the same data."""
        # Not why: the engine's words may quote values of rows.
        logger.info("a speculative create %s", state)
        self._store.refusals[key] = reason
        self._board.change(key, state=state, reason=reason)


def _job(unit: PlannedUnit) -> Job:
    return Job(
        key=unit.key,
        kind="create",
        label=" › ".join(unit.wanted.path),
        sql=unit.wanted.sql,
        reason=unit.verdict.reason,
        tables=unit.tables,
        estimated_rows=unit.estimate.rows if unit.estimate is not None else None,
        estimated_seconds=unit.seconds,
    )
