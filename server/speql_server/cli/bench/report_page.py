"""The page that shows results: tables and plots."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from speql_server.cli.bench.plots import Plots
from speql_server.cli.bench.records import ReplayRecord, Setting, SubmitRecord
from speql_server.cli.bench.results import read_results
from speql_server.cli.bench.summary import Figure, figures

SLOWEST = 16

WHY = "benchmarks-why.md"
"""The page beside the report that people write, if there is one."""


def write_report(results: Sequence[Path], page: Path) -> None:
    """Write a Markdown page of these result files, and its plots into ``images/benchmarks`` beside it.

    Raises :class:`~speql_sql.SpeqlError` for a file that holds no results.
    """
    parts = ["# Benchmarks", "", _INTRODUCTION.strip()]
    for path in results:
        setting, records = read_results(path)
        plots = Plots(page.parent / "images" / "benchmarks", path.stem)
        parts += _section(setting, records, path.stem, plots)
    if (page.parent / WHY).exists():
        parts += ["", "## Why targets are missed", "", f"By query, after what was tried: [{WHY}]({WHY})."]
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text("\n".join(parts).rstrip() + "\n", encoding="utf-8")


_INTRODUCTION = """
This page is made by `speql bench-report` from the results of `speql bench`; nothing in it is written by hand.
`make bench-data SF=1` (or `10`) makes the data and the queries of TPC-DS; `speql bench --help` says how a run is made.

Typing is replayed on a virtual clock: pauses cost nothing, and everything that is done takes the time that it really
takes on this machine. **human** types every character, 5 a second, with a pause at each line's end, and submits right
after the last. **lines** shows a line more at a time with unlimited time between, and submits as the decisive lines
appear; the *honest moment* is the line after which only ORDER BY and LIMIT are missing. **edits** changes a constant,
adds a predicate and changes a measure or a key, with a submit 5 s after each edit.

Every submit and a sample of the previews are compared with a direct run of the same text in the same process. Direct
times are medians of several runs; a query runs once before it is typed, so that its submit and its direct runs find the
same caches. *Work* is how long the engine was busy with queries that nobody had asked for yet:
temp tables, previews and samples; planning and binding are told apart. *Served* means that no base table was read.
"""


def _section(setting: Setting, records: list[ReplayRecord], name: str, plots: Plots) -> Iterator[str]:
    queries = {record.query for record in records}
    slow = "" if setting.slowdown == 1 else f", the engine taken as {setting.slowdown:g} times as slow"
    yield ""
    yield f"## {setting.database}"
    yield ""
    yield (
        f"{len(queries)} queries over {setting.rows:,} rows; {setting.engine}, {setting.threads} threads{slow}; "
        f"SpeQL {setting.version}; direct times are medians of {setting.direct_runs}."
    )
    yield from _commits(records)
    yield from _figures("All queries", figures(records))
    slowest = _slowest(records)
    if len(slowest) < len(queries):
        chosen = [record for record in records if record.query in slowest]
        yield from _figures(f"The {SLOWEST} slowest queries", figures(chosen))
    yield from _misses(records)
    yield ""
    yield "### Plots"
    for title, file in plots.draw(records):
        yield ""
        yield f"![{title}](images/benchmarks/{file})"
    yield from _queries(records)


def _commits(records: Sequence[ReplayRecord]) -> Iterator[str]:
    """Which commits were measured: a resumed run may hold records of several."""
    counts = Counter((record.commit, record.protocol) for record in records)
    if any(commit for commit, _ in counts):
        told = [f"`{commit or 'not kept'}` ({protocol}: {count})" for (commit, protocol), count in counts.items()]
        yield ""
        yield f"Commits measured, with the queries of each: {', '.join(told)}."


def _figures(title: str, found: Sequence[Figure]) -> Iterator[str]:
    yield ""
    yield f"### {title}"
    yield ""
    yield "| | measured | target | |"
    yield "|---|---|---|---|"
    for figure in found:
        mark = "" if figure.reached is None else "reached" if figure.reached else "**missed**"
        yield f"| {figure.name} | {figure.value} | {figure.target} | {mark} |"


def _slowest(records: Sequence[ReplayRecord]) -> set[str]:
    direct = {record.query: _direct(record) for record in records}
    return set(sorted(direct, key=lambda query: -direct[query])[:SLOWEST])


def _direct(record: ReplayRecord) -> float:
    return max((submit.direct_ms for submit in record.submits), default=0.0)


def _misses(records: Sequence[ReplayRecord]) -> Iterator[str]:
    """Where the targets are missed: the queries that weigh most."""
    human = [(r.query, s) for r in records if r.protocol == "human" for s in r.submits]
    unserved = [query for query, submit in human if not submit.temp_only]
    late = sorted(((s.submit_ms, query) for query, s in human if s.submit_ms > 150), reverse=True)
    work = sorted(((r.queries_ms - 3 * r.direct_ms, r.query, r.protocol) for r in records), reverse=True)
    edits = [(s.submit_ms, f"{r.query} ({s.moment})") for r in records if r.protocol == "edits" for s in r.submits]
    slow_edits = sorted(((ms, name) for ms, name in edits if ms > 250), reverse=True)
    failures = [f"{record.query} ({record.protocol}): {record.failure}" for record in records if record.failure]
    lines = [
        ("not served from temp tables alone", ", ".join(unserved)),
        ("submit later than 150 ms", ", ".join(f"{query} {ms:.0f} ms" for ms, query in late)),
        ("submit of an edit later than 250 ms", ", ".join(f"{query} {ms:.0f} ms" for ms, query in slow_edits[:20])),
        (
            "more than three times the direct work, by how much",
            ", ".join(f"{query} ({protocol}) {ms / 1e3:.1f} s" for ms, query, protocol in work[:15] if ms > 0),
        ),
        ("could not be replayed", "; ".join(failures)),
    ]
    if any(text for _, text in lines):
        yield ""
        yield "### What misses"
        yield ""
        yield from (f"- {title}: {text}" for title, text in lines if text)


def _queries(records: Sequence[ReplayRecord]) -> Iterator[str]:
    yield ""
    yield "### Each query"
    yield ""
    yield "<details><summary>Milliseconds of each submit, and the work</summary>"
    yield ""
    yield "| query | direct | human | served | honest | direct then | edits | work human | work edits | temp tables |"
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for query in dict.fromkeys(record.query for record in records):
        by = {record.protocol: record for record in records if record.query == query}
        human, honest = _submit(by.get("human"), "final"), _submit(by.get("lines"), "honest")
        edits = by["edits"].submits if "edits" in by else []
        cells = [
            query,
            _ms(human.direct_ms if human else None),
            _ms(human.submit_ms if human else None),
            "" if human is None else "yes" if human.temp_only else "no",
            _ms(honest.submit_ms if honest else None),
            _ms(honest.direct_ms if honest else None),
            ", ".join(f"{submit.submit_ms:.0f}" for submit in edits),
            _ratio(by.get("human")),
            _ratio(by.get("edits")),
            f"{max(record.peak_bytes for record in by.values()) / 2**20:.1f} MiB",
        ]
        yield "| " + " | ".join(cells) + " |"
    yield ""
    yield "</details>"


def _submit(record: ReplayRecord | None, moment: str) -> SubmitRecord | None:
    return next((s for s in record.submits if s.moment == moment), None) if record else None


def _ms(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}"


def _ratio(record: ReplayRecord | None) -> str:
    return f"{record.queries_ms / record.direct_ms:.1f}x" if record and record.direct_ms else ""
