"""What would be computed for a query, what would be reused, and why not."""

from dataclasses import dataclass

from speql_engines import Estimate
from speql_scheduler.matching.rewrite import Rewrite
from speql_scheduler.running.planner import Plan, PlannedUnit
from speql_sql import Problem


@dataclass(frozen=True)
class UnitExplanation:
    """A unit of the superset query: whether it becomes a temp table, and why.

    ``name`` is what the temp table is called in :attr:`Explanation.planned`; ``sql`` is its view definition.
    """

    path: tuple[str, ...]
    key: str
    name: str
    sql: str
    create: bool
    reason: str
    estimate: Estimate | None
    answered_by: tuple[str, ...]


@dataclass(frozen=True)
class Explanation:
    """The plan for a query, without running any of it.

    ``stored`` is the query over the temp tables that exist now, ``planned`` over those and the ones that would be
    created; each has a decision for every candidate. ``direct_sql`` is what runs where neither is used.
    """

    units: tuple[UnitExplanation, ...]
    stored: Rewrite
    planned: Rewrite
    direct_sql: str
    problems: tuple[Problem, ...] = ()


def explanation_of(
    plan: Plan, stored: Rewrite, planned: Rewrite, direct_sql: str, problems: tuple[Problem, ...]
) -> Explanation:
    """Put a plan and two rewrites into words."""
    return Explanation(tuple(_unit(unit) for unit in plan.units), stored, planned, direct_sql, problems)


def _unit(unit: PlannedUnit) -> UnitExplanation:
    return UnitExplanation(
        path=unit.wanted.path,
        key=unit.key,
        name=unit.wanted.view.name,
        sql=unit.wanted.sql,
        create=unit.verdict.create,
        reason=unit.verdict.reason,
        estimate=unit.estimate,
        answered_by=unit.answered_by,
    )
