"""Which temp tables to create for a superset query, in which order, and why the others not."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from speql_engines import EngineError, Estimate
from speql_scheduler.running.analysis import Analysis, AnalysisError
from speql_scheduler.running.costs import Verdict, worth_creating
from speql_scheduler.running.engine_facts import EngineFacts
from speql_scheduler.running.settings import SchedulerSettings
from speql_scheduler.running.store import Store
from speql_scheduler.running.wanted import WantedUnit, WantedUnits, rewrite_wanted
from speql_sql import Catalog


@dataclass(frozen=True)
class PlannedUnit:
    """A wanted unit and what was decided of it.

    ``inputs`` are the keys of the temp tables, existing or planned, that its creation would read; ``answered_by`` the
    keys of existing ones that make it needless.
    """

    wanted: WantedUnit
    verdict: Verdict
    estimate: Estimate | None = None
    inputs: tuple[str, ...] = ()
    answered_by: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The canonical key."""
        return self.wanted.key


@dataclass(frozen=True)
class Plan:
    """The decisions for one superset query, made in an epoch of the base data: each unit after those it could read."""

    units: tuple[PlannedUnit, ...] = ()
    epoch: int = 0

    @property
    def creates(self) -> tuple[PlannedUnit, ...]:
        """The units that are to become temp tables."""
        return tuple(unit for unit in self.units if unit.verdict.create)


class Planner:
    """Plans temp tables. It asks the engine for estimates and runs nothing."""

    def __init__(self, store: Store, analysis: Analysis, facts: EngineFacts, settings: SchedulerSettings) -> None:
        self._store = store
        self._wanted = WantedUnits()
        self._analysis = analysis
        self._facts = facts
        self._settings = settings

    async def plan(self, superset: exp.Query, catalog: Catalog, epoch: int) -> Plan:
        """Decide for each unit of the superset query whether it becomes a temp table."""
        try:
            wanted = await self._analysis.run(self._wanted.of, superset, catalog)
        except AnalysisError:
            return Plan(epoch=epoch)
        planned: list[PlannedUnit] = []
        for unit in wanted:
            planned.append(await self._decide(unit, [other for other in planned if other.verdict.create]))
        return Plan(tuple(planned), epoch)

    async def _decide(self, unit: WantedUnit, before: Sequence[PlannedUnit]) -> PlannedUnit:
        """One unit, given the creates that are planned before it."""
        if self._store.find(unit.key):
            return PlannedUnit(unit, Verdict(False, "already there"), answered_by=(unit.key,))
        if unit.key in self._store.refusals:
            return PlannedUnit(unit, Verdict(False, self._store.refusals[unit.key]))
        if unit.refusals:
            return PlannedUnit(unit, Verdict(False, f"may not be speculated: {unit.refusals[0].message}"))
        if unit.view.refusal:
            return PlannedUnit(unit, Verdict(False, unit.view.refusal))
        answered_by, temp_only = await self._reads(unit, {})
        if temp_only:
            return PlannedUnit(unit, Verdict(False, "answered by an existing temp table"), answered_by=answered_by)
        try:
            estimate = await self._facts.estimate(unit.sql)
        except EngineError as error:
            return PlannedUnit(unit, Verdict(False, f"the engine refuses it: {error.message}"))
        columns = len(unit.view.columns)
        verdict = worth_creating(estimate, unit.base_rows, columns, unit.crossed_rows, self._settings)
        if not verdict.create:
            return PlannedUnit(unit, verdict, estimate)
        inputs, _ = await self._reads(unit, {other.wanted.view.name: other for other in before})
        return PlannedUnit(unit, verdict, estimate, inputs)

    async def _reads(self, unit: WantedUnit, planned: dict[str, PlannedUnit]) -> tuple[tuple[str, ...], bool]:
        """Keys of the temp tables that the unit's creation would read, and whether it would read nothing else."""
        keys = self._store.keys | {name: other.key for name, other in planned.items()}
        views = (*self._store.views, *(other.wanted.view for other in planned.values()))
        if not views:
            return (), False
        try:
            rewritten = await self._analysis.run(rewrite_wanted, unit, views)
        except AnalysisError:
            return (), False
        return tuple(keys[name] for name in rewritten.uses), rewritten.temp_only
