"""Plots of benchmark results, as SVG files."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from speql_server.cli.bench.records import ReplayRecord, SubmitRecord
from speql_sql import SpeqlError

_DIRECT, _SERVED, _OTHER = "#8a8f98", "#1f77b4", "#d62728"


class Plots:
    """Draws into ``folder``; the names of its files begin with ``name``."""

    def __init__(self, folder: Path, name: str) -> None:
        try:
            import matplotlib as mpl
        except ImportError as error:
            raise SpeqlError("Plots need matplotlib.", "Install it: pip install speql[bench].") from error
        mpl.use("svg")
        # The same results give the same file: no date, no random identifiers.
        mpl.rcParams["svg.hashsalt"] = "speql"
        mpl.rcParams["font.size"] = 9
        self._folder = folder
        self._name = name

    def draw(self, records: Sequence[ReplayRecord]) -> Iterator[tuple[str, str]]:
        """Draw what there are records for; the title and file name of each plot."""
        human = [s for r in records if r.protocol == "human" for s in r.submits]
        edits = [s for r in records if r.protocol == "edits" for s in r.submits]
        for title, submits in (("Submit after typing", human), ("Submit after an edit", edits)):
            if submits:
                yield self._latencies(title, submits)
        if human:
            yield self._scatter(human)
        for protocol in ("human", "edits"):
            chosen = [record for record in records if record.protocol == protocol and record.direct_ms]
            if chosen:
                yield self._work(chosen, protocol)
        typed = [record for record in records if record.protocol == "human" and record.work_over_time]
        if typed:
            yield self._over_time(typed)

    def _latencies(self, title: str, submits: Sequence[SubmitRecord]) -> tuple[str, str]:
        figure, axes = self._figure()
        for label, values, color in (
            ("direct run", [s.direct_ms for s in submits], _DIRECT),
            ("SpeQL", [s.submit_ms for s in submits], _SERVED),
        ):
            ordered = sorted(values)
            axes.step(ordered, [(i + 1) / len(ordered) for i in range(len(ordered))], label=label, color=color)
        axes.set(xscale="log", xlabel="milliseconds", ylabel="share of queries", title=title)
        axes.legend()
        return self._save(figure, title)

    def _scatter(self, submits: Sequence[SubmitRecord]) -> tuple[str, str]:
        title = "Each query: submit against direct run"
        figure, axes = self._figure()
        for label, chosen, color in (
            ("served from temp tables", [s for s in submits if s.temp_only], _SERVED),
            ("base tables read", [s for s in submits if not s.temp_only], _OTHER),
        ):
            axes.scatter([s.direct_ms for s in chosen], [s.submit_ms for s in chosen], s=12, label=label, color=color)
        ends = [min(s.direct_ms for s in submits), max(s.direct_ms for s in submits)]
        axes.plot(ends, ends, color=_DIRECT, linewidth=0.8)
        axes.set(xscale="log", yscale="log", xlabel="direct run, ms", ylabel="submit, ms", title=title)
        axes.legend()
        return self._save(figure, title)

    def _work(self, records: Sequence[ReplayRecord], protocol: str) -> tuple[str, str]:
        title = f"{protocol}: speculative work over direct work, by query"
        figure, axes = self._figure(width=10)
        ordered = sorted(records, key=lambda record: -record.direct_ms)
        axes.bar([r.query for r in ordered], [r.queries_ms / r.direct_ms for r in ordered], color=_SERVED)
        axes.axhline(3, color=_OTHER, linewidth=0.8)
        axes.set(ylabel="times", title=f"{title} (slowest first)")
        axes.tick_params(axis="x", rotation=90, labelsize=5)
        axes.margins(x=0.01)
        return self._save(figure, title)

    def _over_time(self, records: Sequence[ReplayRecord]) -> tuple[str, str]:
        title = "Work while a query is typed"
        figure, axes = self._figure()
        total = [sum(record.work_over_time[part] for record in records) / 1e3 for part in range(20)]
        axes.plot([5 * (part + 1) for part in range(20)], total, color=_SERVED, label="all work of the engine")
        direct = sum(record.direct_ms for record in records) / 1e3
        axes.axhline(direct, color=_DIRECT, linewidth=0.8, label="direct runs")
        axes.set(xlabel="share of the typing time, %", ylabel="seconds, all queries", title=title)
        axes.legend()
        return self._save(figure, title)

    def _figure(self, width: float = 6) -> tuple[Any, Any]:
        import matplotlib.pyplot as plt

        figure, axes = plt.subplots(figsize=(width, 3.4), layout="constrained")
        return figure, axes

    def _save(self, figure: Any, title: str) -> tuple[str, str]:
        import matplotlib.pyplot as plt

        words = "".join(character if character.isalnum() else "-" for character in title.lower())
        file = f"{self._name}-{'-'.join(part for part in words.split('-') if part)}.svg"
        self._folder.mkdir(parents=True, exist_ok=True)
        figure.savefig(self._folder / file, metadata={"Date": None})
        plt.close(figure)
        return title, file
