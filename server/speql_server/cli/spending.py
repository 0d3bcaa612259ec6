"""`speql spending`: what was spent on which connection, what of it was of use, and what was saved."""

import json as json_module
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from speql_engines.governed.cost import Cost
    from speql_engines.governed.ledger import Total

WIDTH = 160
"""Columns of what no terminal shows."""


def spending_command(*, days: int | None, by: tuple[str, ...], json: bool) -> int:
    """Print the sums of the ledger; the exit status."""
    import time

    from speql_engines.governed.ledger import DAY, Ledger
    from speql_engines.governed.prices import price_table
    from speql_server.connecting.spending_files import ledger_file

    ledger = Ledger(ledger_file())
    since = 0.0 if days is None else (time.time() // DAY - days + 1) * DAY
    totals = _by(ledger.totals(since), by)
    ledger.close()
    if json:
        said = {
            "ledger": str(ledger.path),
            "pricesOf": price_table().as_of,
            "spending": [_message(one) for one in totals],
        }
        typer.echo(json_module.dumps(said, ensure_ascii=False))
        return 0
    if not totals:
        typer.echo(f"Nothing was spent, as far as {ledger.path} knows.")
        return 0
    from rich.console import Console
    from rich.table import Table

    table = Table(*by, "statements", "yours", "ahead, used", "ahead, wasted", "saved")
    for one in totals:
        names = {"day": one.day, "engine": one.engine, "connection": one.label}
        costs = [_words(cost) for cost in (one.submitted, one.used, one.wasted, one.saved)]
        table.add_row(*(names[name] for name in by), f"{one.statements:,}", *costs)
    Console(width=None if sys.stdout.isatty() else WIDTH).print(table)
    typer.echo(
        f"Days are those of UTC; dollars by the price list of {price_table().as_of}, or the setting speculation.price."
    )
    return 0


def clear_command(*, yes: bool) -> int:
    """Empty the ledger; the exit status."""
    from speql_engines.governed.ledger import Ledger
    from speql_server.connecting.spending_files import ledger_file

    ledger = Ledger(ledger_file())
    if not yes and not typer.confirm(f"Empty {ledger.path}? The budgets of this hour and this day begin again."):
        return 1
    ledger.clear()
    ledger.close()
    typer.echo(f"{ledger.path} is empty. A server that runs still counts what it has spent itself.")
    return 0


def _by(totals: Iterable["Total"], by: tuple[str, ...]) -> list["Total"]:
    """Totals that differ only in what is not asked for, as one."""
    from dataclasses import replace

    found: dict[tuple[str, ...], Total] = {}
    for one in totals:
        connection = (one.connection, one.label) if "connection" in by else ("", "")
        key = (one.day if "day" in by else "", one.engine if "engine" in by else "", *connection)
        if (before := found.get(key)) is None:
            found[key] = replace(one, day=key[0], engine=key[1], connection=key[2], label=key[3])
            continue
        found[key] = replace(
            before,
            statements=before.statements + one.statements,
            submitted=before.submitted + one.submitted,
            used=before.used + one.used,
            wasted=before.wasted + one.wasted,
            saved=before.saved + one.saved,
        )
    return list(found.values())


def _message(one: "Total") -> dict[str, object]:
    names = {"day": one.day, "engine": one.engine, "connection": one.connection, "label": one.label}
    costs = {"submitted": one.submitted, "used": one.used, "wasted": one.wasted, "saved": one.saved}
    found: dict[str, object] = {key: value for key, value in names.items() if value}
    found["statements"] = one.statements
    for name, cost in costs.items():
        found[name] = {"seconds": cost.seconds, "bytes": cost.bytes, "dollars": cost.dollars}
    return found


def _words(cost: "Cost") -> str:
    """An amount for people: dollars if there are any, and time.

    >>> from speql_engines.governed.cost import Cost
    >>> _words(Cost(2.5, 3 << 30, 0.02)), _words(Cost())
    ('$0.02, 2.5 s, 3.0 GiB', '-')
    """
    parts = []
    if cost.dollars:
        parts.append(f"${cost.dollars:,.2f}" if cost.dollars >= 0.01 else f"${cost.dollars:.4f}")
    if cost.seconds:
        parts.append(f"{cost.seconds:,.1f} s")
    if cost.bytes:
        parts.append(f"{cost.bytes / (1 << 30):,.1f} GiB" if cost.bytes >= 1 << 30 else f"{cost.bytes / 1e6:,.1f} MB")
    return ", ".join(parts) or "-"
