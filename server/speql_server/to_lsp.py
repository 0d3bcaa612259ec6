"""From values of the rooms below to the protocol's types. The only place where client positions are written."""

from collections.abc import Sequence
from typing import Any, Literal

from lsprotocol import types

from speql_scheduler.matching.rewrite import Decision
from speql_scheduler.running.answer import Answer, SampleInfo
from speql_scheduler.running.job_graph import JobGraph
from speql_server import protocol
from speql_server.analysis import Analysis, shifted
from speql_server.cells import cells
from speql_server.masks import masks_told
from speql_server.positions import Encoding, LineIndex, Range
from speql_server.projected_lines import lines_of
from speql_speculator.snapshot import Snapshot
from speql_sql import Problem, Span

SOURCE = "speql"

_SEVERITIES = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
    "information": types.DiagnosticSeverity.Information,
}


def diagnostic(problem: Problem, lines: LineIndex, encoding: Encoding) -> types.Diagnostic:
    """A problem as an editor shows it; one without a place is shown at the start of the document."""
    return types.Diagnostic(
        range=_lsp_range(problem.span or Span(0, 0), lines, encoding),
        message=problem.text,
        severity=_SEVERITIES[problem.severity],
        code=problem.code,
        source=SOURCE,
    )


def inline_completion_item(
    snapshot: Snapshot, new_text: str, start: int, end: int, encoding: Encoding
) -> types.InlineCompletionItem | None:
    """Ghost text in the place of ``text[start:end]``, which it begins with; None if it cannot be written there."""
    edits = text_edits(Span(start, end), new_text, lines_of(snapshot), encoding)
    return types.InlineCompletionItem(edits[0].new_text, range=edits[0].range) if edits and len(edits) == 1 else None


def text_edits(span: Span, new_text: str, lines: LineIndex, encoding: Encoding) -> list[types.TextEdit] | None:
    """A new text in the place of a span, written by the rules of the document; None if it cannot be said there."""
    edits = lines.edits(span, new_text, encoding)
    return None if edits is None else [types.TextEdit(_range(edit.range), edit.new_text) for edit in edits]


def repair_edit(analysis: Analysis, encoding: Encoding) -> types.WorkspaceEdit | None:
    """The repair as edits of exactly the version that was analysed: the client refuses them if it has moved on.

    None if one of them cannot be written where the SQL is.
    """
    start = analysis.statement.span.start if analysis.statement is not None else 0
    edits: list[types.TextEdit | types.AnnotatedTextEdit | types.SnippetTextEdit] = []
    for edit in analysis.edits:
        written = text_edits(edit.span.shifted(start), edit.new_text, analysis.lines, encoding)
        if written is None or any(_overlap(one.range, other.range) for one in written for other in edits):
            return None
        edits += written
    document = types.OptionalVersionedTextDocumentIdentifier(
        uri=analysis.snapshot.uri, version=analysis.snapshot.version
    )
    return types.WorkspaceEdit(document_changes=[types.TextDocumentEdit(text_document=document, edits=edits)])


def preview(
    analysis: Analysis,
    encoding: Encoding,
    *,
    purpose: Literal["preview", "submit"] = "preview",
    answer: Answer | None = None,
    problems: Sequence[Problem] = (),
    total_seconds: float | None = None,
) -> protocol.Preview:
    """The message for an answer, or for the problems that keep it from being there (their spans in the document).

    Converts every cell of the page, so it belongs in a thread, not on the event loop.
    """
    outcome: Literal["rows", "nothing", "failed"] = "rows"
    if answer is None:
        outcome = "failed" if any(problem.severity == "error" for problem in problems) else "nothing"
    statement, shown = analysis.statement, analysis.preview_span
    start = statement.span.start if statement is not None else 0
    said = [*problems, *(shifted(problem, start) for problem in (answer.problems if answer is not None else ()))]
    said += masks_told(analysis.masks)
    return protocol.Preview(
        uri=analysis.snapshot.uri,
        version=analysis.snapshot.version,
        purpose=purpose,
        outcome=outcome,
        statement=_wire_range(statement.span, analysis.lines, encoding) if statement is not None else None,
        range=_wire_range(shown, analysis.lines, encoding) if shown is not None else None,
        breadcrumb=_breadcrumb(analysis, purpose),
        edits=_edits(analysis, encoding),
        problems=[_problem(problem, analysis.lines, encoding) for problem in said],
        timings=protocol.Timings(
            analysis=_milliseconds(analysis.seconds),
            engine=_milliseconds(answer.result.seconds if answer is not None else None),
            total=_milliseconds(total_seconds),
        ),
        **(_answer(answer) if answer is not None else {}),
    )


def _breadcrumb(analysis: Analysis, purpose: Literal["preview", "submit"]) -> list[str]:
    """The way to the SELECT that is shown; a submit runs the whole statement, wherever the cursor is."""
    if purpose == "submit":
        return ["main"] if analysis.statement is not None else []
    return list(analysis.unit.path) if analysis.unit is not None else []


def jobs(uri: str, graph: JobGraph) -> protocol.Jobs:
    """The message for a job graph."""
    nodes = [
        protocol.JobNode(
            key=job.key,
            kind=job.kind,
            label=job.label,
            state=job.state,
            sql=job.sql,
            rows=job.rows,
            bytes=job.bytes,
            milliseconds=_milliseconds(job.seconds),
            reason=job.reason,
        )
        for job in graph.jobs
    ]
    edges = [protocol.JobEdge(source=source, target=target, kind=kind) for source, target, kind in graph.edges]
    return protocol.Jobs(uri=uri, nodes=nodes, edges=edges)


def _answer(answer: Answer) -> dict[str, Any]:
    result = answer.result
    return {
        "states": list(answer.states),
        "sample": _sample(answer.sample) if answer.sample is not None else None,
        "columns": [protocol.Column(name=column.name, type=column.type) for column in result.columns],
        "rows": cells(result.rows, [column.type for column in result.columns]),
        "complete": result.complete,
        "total_rows": answer.total_rows,
        "executed_sql": answer.executed_sql,
        "served_from": list(answer.served_from),
        "temp_only": answer.temp_only,
        "decisions": [_decision(decision) for decision in answer.decisions],
    }


def _sample(sample: SampleInfo) -> protocol.Sample:
    intervals = [
        protocol.Intervals(low=list(interval.low), high=list(interval.high)) if interval is not None else None
        for interval in sample.intervals
    ]
    return protocol.Sample(fraction=sample.fraction, table=sample.table, intervals=intervals)


def _decision(decision: Decision) -> protocol.Decision:
    return protocol.Decision(
        path=list(decision.path),
        view=decision.view,
        used=decision.used,
        reason=decision.reason,
        compensation=decision.compensation,
    )


def _edits(analysis: Analysis, encoding: Encoding) -> list[protocol.Edit]:
    if analysis.statement is None or analysis.repair is None:
        return []
    start, typed = analysis.statement.span.start, analysis.repair.typed
    return [
        protocol.Edit(
            range=_wire_range(edit.span.shifted(start), analysis.lines, encoding),
            old_text=edit.span.of(typed),
            new_text=_written(edit.span.shifted(start), edit.new_text, analysis.lines, encoding),
            reason=edit.reason,
            code=edit.code,
        )
        for edit in analysis.edits
    ]


def _written(span: Span, new_text: str, lines: LineIndex, encoding: Encoding) -> str:
    """A new text as it would be written in the document, if that is one edit."""
    edits = lines.edits(span, new_text, encoding)
    return edits[0].new_text if edits and len(edits) == 1 else new_text


def _problem(problem: Problem, lines: LineIndex, encoding: Encoding) -> protocol.Problem:
    return protocol.Problem(
        code=problem.code,
        message=problem.message,
        severity=problem.severity,
        hint=problem.hint,
        range=_wire_range(problem.span, lines, encoding) if problem.span is not None else None,
    )


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1_000, 3)


def _wire_range(span: Span, lines: LineIndex, encoding: Encoding) -> protocol.Range:
    start, end = lines.range(span, encoding)
    return protocol.Range(
        start=protocol.Position(line=start[0], character=start[1]), end=protocol.Position(line=end[0], character=end[1])
    )


def _lsp_range(span: Span, lines: LineIndex, encoding: Encoding) -> types.Range:
    return _range(lines.range(span, encoding))


def _range(place: Range) -> types.Range:
    return types.Range(types.Position(*place[0]), types.Position(*place[1]))


def _overlap(one: types.Range, other: types.Range) -> bool:
    return one.start < other.end and other.start < one.end
