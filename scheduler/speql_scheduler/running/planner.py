"""Which temp tables to create for a superset query, in which order, and why the others not."""

from collections import OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from speql_engines import EngineError, Estimate
from speql_scheduler.matching.proved import proved_for
from speql_scheduler.matching.rewrite import NOT_REWRITTEN, Rewrite
from speql_scheduler.matching.view import View
from speql_scheduler.running.allowance import Share
from speql_scheduler.running.analysis import Analysis, AnalysisError
from speql_scheduler.running.costs import Verdict, base_tables, believed_work, work_of, worth_creating
from speql_scheduler.running.engine_facts import EngineFacts
from speql_scheduler.running.settings import SchedulerSettings
from speql_scheduler.running.store import TOOK_LONGER, WAS_TOO_LARGE, Store
from speql_scheduler.running.wanted import WantedUnit, WantedUnits, rewrite_wanted
from speql_sql import Catalog

MOST_HOT = 3
"""Hot columns that are tried: each costs the engine an estimate."""

REMEMBERED = 256


@dataclass(frozen=True)
class PlannedUnit:
    """A wanted unit and what was decided of it.

    ``inputs`` are the keys of the temp tables, existing or planned, that its creation would read; ``answered_by`` the
    keys of existing ones that make it needless. ``seconds`` is how long its creation is expected to take,
    ``base_rows`` the rows of the base tables that it reads, ``tables`` their full names; ``closed`` says that the user
    is not writing it any more.
    """

    wanted: WantedUnit
    verdict: Verdict
    estimate: Estimate | None = None
    inputs: tuple[str, ...] = ()
    answered_by: tuple[str, ...] = ()
    seconds: float = 0.0
    base_rows: int = 0
    tables: tuple[str, ...] = ()
    closed: bool = True

    @property
    def share(self) -> Share:
        """The share of the allowance that its creation is paid from."""
        if not self.closed:
            return "writing"
        return "whole" if self.wanted.path == ("main",) else "finished"

    @property
    def key(self) -> str:
        """The canonical key."""
        return self.wanted.key


@dataclass(frozen=True)
class Plan:
    """The decisions for one superset query, made in an epoch of the base data: each unit after those it could read.

    ``direct_seconds`` is how long the whole query is expected to run on base tables.
    """

    units: tuple[PlannedUnit, ...] = ()
    epoch: int = 0
    direct_seconds: float = 0.0

    @property
    def creates(self) -> tuple[PlannedUnit, ...]:
        """The units that are to become temp tables."""
        return tuple(unit for unit in self.units if unit.verdict.create)


class Planner:
    """Plans temp tables. It asks the engine for estimates, and runs nothing."""

    def __init__(self, store: Store, analysis: Analysis, facts: EngineFacts, settings: SchedulerSettings) -> None:
        self._store = store
        self._wanted = WantedUnits()
        self._analysis = analysis
        self._facts = facts
        self._settings = settings
        self._rewrites: OrderedDict[tuple[str, tuple[tuple[str, str], ...]], Rewrite] = OrderedDict()

    async def plan(
        self,
        superset: exp.Query,
        catalog: Catalog,
        epoch: int,
        open_units: Collection[tuple[str, ...]] = (),
        hot: Sequence[str] = (),
    ) -> Plan:
        """Decide for each unit of the superset query whether it becomes a temp table.

        ``hot`` are columns whose constants are expected to change, the likeliest first: for the first of them of which
        it fits, a unit becomes a temp table without its conditions on that column, and stays of use when they change.
        """
        if not catalog.certain or not proved_for(catalog.dialect):
            return Plan(epoch=epoch)  # its keys and types prove nothing, or nothing is proved of its engine
        try:
            wanted = await self._analysis.run(self._wanted.of, superset, catalog)
        except AnalysisError:
            return Plan(epoch=epoch)
        planned: list[PlannedUnit] = []
        relaxed: list[PlannedUnit] = []
        for unit in wanted:
            decided = await self._decide(unit, [other for other in planned if other.verdict.create])
            decided = replace(decided, closed=unit.path not in open_units)
            if decided.verdict.create:
                decided = replace(decided, verdict=_with_its_parts(decided, planned))
            planned.append(decided)
            if not relaxed:
                relaxed = await self._relaxed(decided, hot)
        return Plan((*relaxed, *planned), epoch, await self._direct_seconds(wanted))

    async def _relaxed(self, exact: PlannedUnit, hot: Sequence[str]) -> list[PlannedUnit]:
        """The unit without its conditions on the likeliest hot column for which that fits, as a create; or nothing."""
        if exact.wanted.refusals or exact.wanted.view.refusal:
            return []
        settings = self._settings
        for column in hot[:MOST_HOT]:
            try:
                unit = await self._analysis.run(self._wanted.relaxed, exact.wanted, column)
            except AnalysisError:
                continue
            if unit is None or unit.key in self._store.refusals:
                continue
            if self._store.find(unit.key) is not None:
                return []
            try:
                estimate = await self._facts.estimate(unit.sql)
                direct = work_of(await self._facts.estimate(exact.wanted.sql), exact.wanted.base_rows)
            except EngineError:
                continue
            work = work_of(estimate, unit.base_rows)
            verdict = worth_creating(estimate, unit.base_rows, len(unit.view.columns), unit.crossed_rows, settings)
            if (
                verdict.create
                and not verdict.doubtful
                and work <= settings.relaxed_ratio * direct
                and estimate.rows <= settings.relaxed_rows
            ):
                seconds = self._facts.pace(unit.shape).seconds(work)
                reason = f"{verdict.reason}, whatever {column} is compared with"
                planned = PlannedUnit(unit, Verdict(True, reason), estimate, seconds=seconds, base_rows=unit.base_rows)
                return [replace(planned, tables=base_tables(unit.query))]
        return []

    async def _direct_seconds(self, wanted: Sequence[WantedUnit]) -> float:
        """What the whole query is expected to take on base tables; if the guard refuses it, the last of its parts."""
        main = next((unit for unit in reversed(wanted) if not unit.refusals), None)
        if main is None:
            return 0.0
        try:
            estimate = await self._facts.estimate(main.sql)
        except EngineError:
            return 0.0
        return self._facts.pace(main.shape).seconds(believed_work(estimate, main.base_rows, self._settings))

    async def _decide(self, unit: WantedUnit, before: Sequence[PlannedUnit]) -> PlannedUnit:
        """One unit, given the creates that are planned before it."""
        if stored := self._store.find(unit.key):
            return PlannedUnit(unit, Verdict(False, "already there"), answered_by=(stored.key,))
        if unit.key in self._store.refusals:
            return PlannedUnit(unit, Verdict(False, self._store.refusals[unit.key]))
        if unit.refusals:
            return PlannedUnit(unit, Verdict(False, f"may not be speculated: {unit.refusals[0].message}"))
        if unit.view.refusal:
            return PlannedUnit(unit, Verdict(False, unit.view.refusal))
        stored_only = await self._rewritten(unit, self._store.views)
        if stored_only.temp_only:
            keys = self._store.keys
            answered_by = tuple(keys[name] for name in stored_only.uses if name in keys)
            return PlannedUnit(unit, Verdict(False, "answered by an existing temp table"), answered_by=answered_by)
        try:
            estimate, base_rows, direct = await self._estimate(unit, stored_only)
        except EngineError as error:
            return PlannedUnit(unit, Verdict(False, f"the engine refuses it: {error.message}"))
        columns = len(unit.view.columns)
        settings = self._settings
        grouped = unit.view.block is not None and unit.view.block.grouping is not None
        verdict = worth_creating(
            estimate, base_rows, columns, unit.crossed_rows, settings, grouped=grouped, direct_work=direct
        )
        pace = self._facts.pace(unit.shape if base_rows else None)
        seconds = pace.seconds(believed_work(estimate, base_rows, settings))
        if verdict.create and seconds > self._settings.create_seconds:
            verdict = Verdict(False, f"would take about {seconds:.0f} s, longer than the limit")
        if not verdict.create:
            return PlannedUnit(unit, verdict, estimate, seconds=seconds)
        keys = self._store.keys | {other.wanted.view.name: other.key for other in before}
        planned = await self._rewritten(unit, (*self._store.views, *(other.wanted.view for other in before)))
        inputs = tuple(keys[name] for name in planned.uses if name in keys)
        tables = base_tables(unit.query) if planned.sql is None else planned.tables
        return PlannedUnit(unit, verdict, estimate, inputs, seconds=seconds, base_rows=base_rows, tables=tables)

    async def _estimate(self, unit: WantedUnit, over_store: Rewrite) -> tuple[Estimate, int, int]:
        """The engine's estimate of the creation over the temp tables that exist, the rows of its base tables, and the
        work on base tables alone.
        """
        direct = await self._facts.estimate(unit.sql)
        work = work_of(direct, unit.base_rows)
        if over_store.sql is None:
            return direct, unit.base_rows, work
        try:
            shorter = await self._facts.estimate(over_store.sql)
        except EngineError:  # a temp table has gone meanwhile
            return direct, unit.base_rows, work
        return (shorter, 0, work) if work_of(shorter) < work else (direct, unit.base_rows, work)

    async def _rewritten(self, unit: WantedUnit, views: tuple[View, ...]) -> Rewrite:
        """The unit's creation over these temp tables; remembered, since most units stay while one is typed."""
        if not views:
            return NOT_REWRITTEN
        asked = (unit.key, tuple((view.name, view.sql_name) for view in views))
        if asked not in self._rewrites:
            try:
                self._rewrites[asked] = await self._analysis.run(rewrite_wanted, unit, views)
            except AnalysisError:
                return NOT_REWRITTEN
            if len(self._rewrites) > REMEMBERED:
                self._rewrites.popitem(last=False)
        self._rewrites.move_to_end(asked)
        return self._rewrites[asked]


def _with_its_parts(unit: PlannedUnit, parts: Sequence[PlannedUnit]) -> Verdict:
    """The verdict on a create, after what became of ``parts``, those before it; another while it is being written."""
    doubtful = unit.verdict.doubtful
    if doubtful and any(part.verdict.reason.startswith(WAS_TOO_LARGE) for part in parts):
        return Verdict(False, "its size is in doubt, and a SELECT in it was too large")
    if unit.closed:
        return unit.verdict
    if doubtful:
        return Verdict(False, "its size is in doubt while it is being written")
    if any(part.verdict.reason.startswith(TOOK_LONGER) for part in parts):
        return Verdict(False, "a SELECT in it took too long, and it is being written")
    return unit.verdict
