"""How the demo says times, sizes, states and sources: the same words in every style of output."""

from collections.abc import Sequence

from speql_server.cli.demo.report import DemoReport, Submitted
from speql_server.protocol import JobNode, Preview

STATE_GLYPHS = {"exact": "✓", "sample": "◐", "predicted": "◌", "stale": "◷", "cached": "≡"}
STATE_STYLES = {"exact": "green", "sample": "blue", "predicted": "magenta", "stale": "yellow", "cached": "green"}
JOB_GLYPHS = {
    "done": "✓",
    "running": "◔",
    "queued": "…",
    "greyed": "◌",
    "cancelled": "◌",
    "evicted": "⏏",
    "failed": "!",
}
JOB_STYLES = {"done": "green", "running": "blue", "failed": "red"}


def milliseconds(value: float | None) -> str:
    """A time: ms below one second, then seconds with one decimal."""
    if value is None:
        return ""
    if value < 10:
        return f"{value:.1f} ms"
    return f"{value:.0f} ms" if value < 1000 else f"{value / 1000:.1f} s"


def size(value: int | None) -> str:
    """A number of bytes."""
    if value is None:
        return ""
    for unit in ("B", "kB", "MB"):
        if value < 1000:
            return f"{value:.0f} {unit}"
        value = round(value / 1000)
    return f"{value} GB"


def count(value: int, noun: str) -> str:
    """A counted noun: ``1 row``, ``10,103,280 rows``."""
    return f"{value:,} {noun}" if value == 1 else f"{value:,} {noun}s"


def source(states: Sequence[str], served_from: Sequence[str], temp_only: bool) -> str:
    """Where a result was served from."""
    if "cached" in states:
        return "the result cache"
    if not served_from:
        return "base tables"
    return count(len(served_from), "temp table") + ("" if temp_only else " and base tables")


def preview_facts(preview: Preview) -> str:
    """Rows, time and source of a preview, as the panel's header gives them."""
    shown = len(preview.rows)
    if preview.total_rows is not None:
        rows = count(preview.total_rows, "row")
    else:
        rows = count(shown, "row") if preview.complete else f"first {shown:,} rows"
    time = milliseconds(preview.timings.total)
    return " · ".join(filter(None, (rows, time, source(preview.states, preview.served_from, preview.temp_only))))


def job_line(job: JobNode) -> str:
    """One job on one line."""
    facts = [job.label, job.state]
    if job.rows is not None:
        facts.append(count(job.rows, "row"))
    facts += filter(None, (size(job.bytes), milliseconds(job.milliseconds)))
    return f"{JOB_GLYPHS.get(job.state, ' ')} " + " · ".join(facts) + (f" ({job.reason})" if job.reason else "")


def submit_lines(title: str, submitted: Submitted) -> list[str]:
    """What a submit measured, against the direct run."""
    equal = "rows equal" if submitted.rows_equal else f"ROWS DIFFER: {submitted.difference}"
    return [
        f"{title}: {milliseconds(submitted.submit_ms)} ({', '.join(submitted.states)}, "
        f"served from {source(submitted.states, submitted.served_from, submitted.temp_only)})",
        f"  direct run:   {milliseconds(submitted.direct_ms)} (median of {submitted.direct_runs}, same process)",
        f"  ratio:        {submitted.ratio:.3f}"
        + (f" ({1 / submitted.ratio:,.0f} times faster)" if _faster(submitted) else ""),
        f"  compared:     {equal} ({count(submitted.rows, 'row')})",
    ]


def _faster(submitted: Submitted) -> bool:
    """Whether the submit was at least twice as fast as the direct run, so that a factor is worth saying."""
    return 0 < submitted.ratio <= 0.5


def report_lines(report: DemoReport) -> list[str]:
    """The summary of a run."""
    lines = submit_lines("submit", report.submit)
    if report.edit is not None:
        lines += submit_lines(f"edit, {report.edit_description}, then submit", report.edit)
    previews = count(report.previews, "preview")
    if report.preview_ms_median is not None:
        previews += f" (median {milliseconds(report.preview_ms_median)} from keystroke to rows)"
    lines.append(f"while typing: {count(report.keystrokes, 'keystroke')} in {report.typing_seconds:.0f} s, {previews}")
    lines.append(
        f"work ahead:   {count(report.jobs_done, 'temp table')}, {milliseconds(report.speculative_ms)} of engine time, "
        f"{report.work_ratio:.1f} times the direct run"
    )
    return lines
