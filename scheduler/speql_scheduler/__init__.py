"""Superset query -> units -> job graph -> temp tables -> results. `matching` is pure; `running` waits.

The names below are imported when they are first asked for: a language server says hello before it needs any of them.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from speql_scheduler.matching.rewrite import Decision, Rewrite, rewrite
    from speql_scheduler.matching.units import Unit, unit_at, units_of
    from speql_scheduler.matching.view import View, define_view
    from speql_scheduler.running.answer import Answer
    from speql_scheduler.running.explanation import Explanation, UnitExplanation
    from speql_scheduler.running.job_graph import Job, JobGraph
    from speql_scheduler.running.scheduler import Scheduler
    from speql_scheduler.running.settings import SchedulerSettings
    from speql_scheduler.running.speculation import Speculation
    from speql_scheduler.running.store import Store

__all__ = [
    "Answer",
    "Decision",
    "Explanation",
    "Job",
    "JobGraph",
    "Rewrite",
    "Scheduler",
    "SchedulerSettings",
    "Speculation",
    "Store",
    "Unit",
    "UnitExplanation",
    "View",
    "define_view",
    "rewrite",
    "unit_at",
    "units_of",
]

_HOMES = {
    "Answer": "running.answer",
    "Decision": "matching.rewrite",
    "Explanation": "running.explanation",
    "Job": "running.job_graph",
    "JobGraph": "running.job_graph",
    "Rewrite": "matching.rewrite",
    "Scheduler": "running.scheduler",
    "SchedulerSettings": "running.settings",
    "Speculation": "running.speculation",
    "Store": "running.store",
    "Unit": "matching.units",
    "UnitExplanation": "running.explanation",
    "View": "matching.view",
    "define_view": "matching.view",
    "rewrite": "matching.rewrite",
    "unit_at": "matching.units",
    "units_of": "matching.units",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
