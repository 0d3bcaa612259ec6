"""What was asked of a server and when the answers came, as figures."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from rich.console import Console
from rich.table import Table

from speql_server.cli.bench.summary import percentile

Outcome = Literal["answered", "modified", "cancelled", "failed"]
"""``modified``: the text has moved on, said the server; ``cancelled``: the editor took its request back."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A request, or ``preview``: a keystroke until its rows. ``query`` and ``version`` say of which text."""

    method: str
    query: str
    version: int
    milliseconds: float
    outcome: Outcome


def figures_of(records: Iterable[Answered]) -> dict[str, dict[str, Any]]:
    """For each method how many there were, P50, P90, P99 and the worst of those answered, the shares of the rest."""
    by_method: dict[str, list[Answered]] = {}
    for record in records:
        by_method.setdefault(record.method, []).append(record)
    return {method: _figures(found) for method, found in sorted(by_method.items())}


def _figures(records: Sequence[Answered]) -> dict[str, Any]:
    times = [record.milliseconds for record in records if record.outcome == "answered"]
    shares = {
        outcome: round(sum(record.outcome == outcome for record in records) / len(records), 4)
        for outcome in ("modified", "cancelled", "failed")
    }
    percentiles = {f"p{share:g}": _rounded(percentile(times, share / 100)) for share in (50, 90, 99)}
    return {"count": len(records), **percentiles, "max": _rounded(max(times, default=float("nan"))), **shares}


def _rounded(value: float) -> float | None:
    return None if value != value else round(value, 2)


def print_figures(title: str, figures: dict[str, dict[str, Any]], console: Console) -> None:
    """The table of `figures_of`."""
    table = Table(title=title, title_justify="left")
    table.add_column("asked")
    for name in ("count", "P50 ms", "P90 ms", "P99 ms", "max ms", "modified", "cancelled", "failed"):
        table.add_column(name, justify="right")
    for method, row in figures.items():
        times = ["" if row[name] is None else f"{row[name]:.1f}" for name in ("p50", "p90", "p99", "max")]
        shares = [f"{row[name]:.1%}" if row[name] else "" for name in ("modified", "cancelled", "failed")]
        table.add_row(method, f"{row['count']:,}", *times, *shares)
    console.print(table)


def print_slowest(records: Iterable[Answered], count: int, console: Console) -> None:
    """The slowest answers, a row each."""
    table = Table(title=f"the {count} slowest", title_justify="left")
    for name in ("ms", "asked", "query", "version", "outcome"):
        table.add_column(name, justify="right" if name in ("ms", "version") else "left")
    for one in sorted(records, key=lambda record: -record.milliseconds)[:count]:
        table.add_row(f"{one.milliseconds:.1f}", one.method, one.query, str(one.version), one.outcome)
    console.print(table)
