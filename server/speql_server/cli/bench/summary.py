"""The figures of a run, against the targets of design.md section 9."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from speql_server.cli.bench.records import ReplayRecord, SubmitRecord


@dataclass(frozen=True)
class Figure:
    """One measured figure, its target, and whether it is reached; None where nothing was measured."""

    name: str
    value: str
    target: str
    reached: bool | None


def percentile(values: Iterable[float], share: float) -> float:
    """The value below which that share of the values lies, interpolated; NaN of none."""
    ordered = sorted(values)
    if not ordered:
        return float("nan")
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def submits_of(records: Iterable[ReplayRecord], protocol: str, moment: str | None = None) -> list[SubmitRecord]:
    """The submits of a protocol, at one moment if it is named."""
    return [s for r in records if r.protocol == protocol for s in r.submits if moment in (None, s.moment)]


def figures(records: Sequence[ReplayRecord]) -> list[Figure]:
    """The table of design.md section 9."""
    found = [_wrong(records)]
    human, edits = submits_of(records, "human"), submits_of(records, "edits")
    honest = submits_of(records, "lines", "honest")
    if human:
        found.append(_latency("human: submit", human, 20, 150))
    if honest:
        submit, direct = percentile((s.submit_ms for s in honest), 0.9), percentile((s.direct_ms for s in honest), 0.9)
        share = submit / direct
        name = "lines, honest moment: P90 over direct P90"
        found.append(Figure(name, f"{share:.1%} ({submit:.0f} / {direct:.0f} ms)", "<= 5 %", share <= 0.05))
    if edits:
        found.append(_latency("edits: submit", edits, 50, 250))
    finals = human or submits_of(records, "lines", "final")
    if finals:
        share = statistics.fmean(s.temp_only for s in finals)
        found.append(Figure("final query served from temp tables alone", f"{share:.1%}", ">= 95 %", share >= 0.95))
    known = [s.by_added for s in finals if s.by_added is not None]
    if known:
        name = "of these, only because of columns that were added to temp tables"
        found.append(Figure(name, f"{statistics.fmean(known):.1%}", "", None))
    protocols = dict.fromkeys(record.protocol for record in records)
    found += (_work([record for record in records if record.protocol == name], name) for name in protocols)
    if len(protocols) > 1:
        found.append(_work(records, "in total"))
    analysis = [ms for record in records for ms in record.analysis_ms]
    if analysis:
        middle, high = percentile(analysis, 0.5), percentile(analysis, 0.99)
        value = f"P50 {middle:.0f} ms, P90 {percentile(analysis, 0.9):.0f} ms, P99 {high:.0f} ms"
        found.append(Figure("analysis a snapshot", value, "P50 15 ms, P99 100 ms", middle <= 15 and high <= 100))
    quick = [ms for r in records if _direct(r) < 50 for ms in r.preview_ms if r.protocol == "human"]
    if quick:
        high = percentile(quick, 0.9)
        name = "keystroke to preview, direct query < 50 ms"
        found.append(Figure(name, f"P90 {high:.0f} ms", "P90 150 ms", high <= 150))
    missed = [s for r in records for s in r.submits if not s.served]
    if missed:
        ratio = percentile((s.submit_ms / s.direct_ms for s in missed), 0.5)
        worst = max(s.submit_ms / s.direct_ms for s in missed)
        value = f"median {ratio:.2f}x, worst {worst:.2f}x of {len(missed)}"
        found.append(Figure("submit on base tables, over direct", value, "<= 1.1x", ratio <= 1.1))
    creates = sum(record.calls.get("create", 0) for record in records)
    if creates:
        late = sum(record.creates_timed_out for record in records) / creates
        found.append(Figure("creates that time out", f"{late:.1%} of {creates}", "<= 2 %", late <= 0.02))
    found.append(Figure("temp tables, at most", f"{max(r.peak_bytes for r in records) / 2**20:.0f} MiB", "", None))
    found.append(Figure("language model calls", "0 (rules only)", "$0", True))
    return found


def print_summary(records: Sequence[ReplayRecord], console: Console) -> None:
    """Print the figures, and what was wrong."""
    if not records:
        return
    table = Table("", "measured", "target", "", title=f"{len({record.query for record in records})} queries")
    for figure in figures(records):
        mark = "" if figure.reached is None else "[green]reached[/]" if figure.reached else "[red]missed[/]"
        table.add_row(figure.name, figure.value, figure.target, mark)
    console.print(table)
    for record in records:
        for submit in record.submits:
            if submit.difference:
                console.print(
                    f"WRONG {record.query} {record.protocol} {submit.moment}: {submit.difference}", markup=False
                )
        for wrong in record.previews_wrong:
            console.print(f"WRONG PREVIEW {record.query} {record.protocol}: {wrong}", markup=False)
        if record.failure:
            console.print(f"{record.query} {record.protocol}: {record.failure}", markup=False)


def _wrong(records: Sequence[ReplayRecord]) -> Figure:
    submits = [submit for record in records for submit in record.submits]
    wrong = sum(bool(submit.difference) for submit in submits)
    previews, bad = sum(r.previews_compared for r in records), sum(len(r.previews_wrong) for r in records)
    value = f"{wrong + bad} of {len(submits)} submits and {previews} previews"
    skipped = sum(bool(submit.uncompared) for submit in submits)
    if skipped:
        value += f" ({skipped} submits too large to compare)"
    return Figure("wrong results", value, "0", not wrong and not bad)


def _latency(name: str, submits: Sequence[SubmitRecord], middle: float, high: float) -> Figure:
    p50, p90 = (percentile((s.submit_ms for s in submits), share) for share in (0.5, 0.9))
    ratio = percentile((s.submit_ms / s.direct_ms for s in submits), 0.5)
    direct = percentile((s.direct_ms for s in submits), 0.9)
    value = f"P50 {p50:.0f} ms, P90 {p90:.0f} ms (direct P90 {direct:.0f} ms; median ratio {ratio:.2f})"
    return Figure(name, value, f"P50 {middle:.0f} ms, P90 {high:.0f} ms", p50 <= middle and p90 <= high)


def _work(records: Sequence[ReplayRecord], protocol: str) -> Figure:
    queries, everything = (sum(r.queries_ms for r in records), sum(r.speculative_ms for r in records))
    direct = sum(record.direct_ms for record in records) or float("nan")
    name = f"{protocol}: speculative work over direct work"
    value = f"{queries / direct:.1f}x ({queries / 1e3:.1f} / {direct / 1e3:.1f} s)"
    if after := sum(r.after_submit_ms for r in records):
        value += f", {after / direct:.1f}x of it after the submit, ahead of an edit"
    return Figure(
        name, f"{value}; with planning and binding {everything / direct:.1f}x", "<= 3x", queries <= 3 * direct
    )


def _direct(record: ReplayRecord) -> float:
    return record.submits[0].direct_ms if record.submits else float("inf")
