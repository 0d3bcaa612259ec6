"""What became of unfinished texts, and the shares of it."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from speql_server.cli.bench_repair.lost_words import LostWords
from speql_server.cli.bench_repair.unfinished_texts import KINDS, UnfinishedText


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a text.

    ``error`` is the engine's message, empty if it binds ``sql``. ``empty`` says that the text names no table or column
    yet, so that there is nothing to run; ``split`` that it was read as several statements; ``asks`` that a language
    model, if there were one, would be asked about it when it rests.
    """

    text: UnfinishedText
    sql: str | None
    milliseconds: float
    error: str = ""
    lost: LostWords = field(default_factory=LostWords)
    empty: bool = False
    split: bool = False
    asks: bool = False


def shares(outcomes: Sequence[Outcome], asked: str = "bind") -> dict[str, dict[str, float]]:
    """For each kind of text: how many there are, the shares in percent, and percentiles of milliseconds.

    ``asked`` is what the results were asked to do: bind, or only parse.
    """
    return {
        kind: _shares([outcome for outcome in outcomes if outcome.text.kind == kind], asked)
        for kind in KINDS
        if any(outcome.text.kind == kind for outcome in outcomes)
    }


def _shares(outcomes: Sequence[Outcome], asked: str) -> dict[str, float]:
    runnable = [outcome for outcome in outcomes if not outcome.empty]
    times = sorted(outcome.milliseconds for outcome in outcomes)

    def percent(count: int) -> float:
        return round(100 * count / max(len(runnable), 1), 2)

    return {
        "texts": len(outcomes),
        "with something to run": len(runnable),
        f"{asked}, %": percent(sum(not outcome.error for outcome in runnable)),
        "words lost silently": sum(bool(outcome.lost.silently) for outcome in runnable),
        "words left out and told, %": percent(sum(bool(outcome.lost.told) for outcome in runnable)),
        "read as several statements, %": percent(sum(outcome.split for outcome in runnable)),
        "worth asking a model, %": percent(sum(outcome.asks for outcome in runnable)),
        **{f"ms P{share}": round(times[min(len(times) * share // 100, len(times) - 1)], 1) for share in (50, 90, 99)},
    }


def print_outcomes(outcomes: Sequence[Outcome], console: Console, failures: int, asked: str = "bind") -> None:
    """The shares as a table, and the failures by cause, ``failures`` examples each."""
    table = Table()
    found = shares(outcomes, asked)
    table.add_column("")
    for kind in found:
        table.add_column(kind, justify="right")
    for name in next(iter(found.values()), {}):
        table.add_row(name, *(f"{values[name]:,}" for values in found.values()))
    console.print(table)
    causes: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        if outcome.error:
            causes[_cause(outcome.error)].append(outcome)
        if outcome.lost.silently:
            causes["lost silently"].append(outcome)
    counts = Counter({cause: len(found) for cause, found in causes.items()})
    for cause, count in counts.most_common():
        console.print(f"{count:6,}  {cause}", markup=False)
        for outcome in causes[cause][:failures]:
            console.print(f"[dim]{escape(_shown(outcome))}[/]", soft_wrap=True)


def _cause(error: str) -> str:
    """An engine's message without the names and numbers in it."""
    return re.sub(r'"[^"]*"|\'[^\']*\'|`[^`]*`|\b\d+\b', "_", error)[:100]


def _shown(outcome: Outcome) -> str:
    text = outcome.text
    before, after = text.text[: text.cursor], text.text[text.cursor :]
    place = f"{before[-90:]}|{after[:60]}".replace("\n", "\\n")
    lost = f" lost {outcome.lost.silently}" if outcome.lost.silently else ""
    return f"          {text.query} {text.label}: {place} -> {outcome.error}{lost}"
