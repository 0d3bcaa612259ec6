"""From values of the rooms below to the protocol's types. The only place where client positions are written."""

from collections.abc import Sequence
from typing import Any, Literal

from lsprotocol import types

from speql_scheduler.matching.rewrite import Decision
from speql_scheduler.running.answer import Answer, SampleInfo
from speql_scheduler.running.explanation import Explanation
from speql_scheduler.running.job_graph import JobGraph
from speql_server import protocol
from speql_server.analysis import Analysis, shifted
from speql_server.cells import cells
from speql_server.lsp.abilities import Abilities
from speql_server.lsp.positions import Encoding, LineIndex, Range
from speql_server.lsp.projected_lines import lines_of
from speql_server.masks import masks_told
from speql_speculator.snapshot import Snapshot
from speql_sql import Catalog, Problem, Span

SOURCE = "speql"

_SEVERITIES = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
    "information": types.DiagnosticSeverity.Information,
}


"""Codes of edits that put in what may come next, and not what is missing."""

_PAGES = {
    "ambiguous-column": "query_syntax/from",
    "column-count": "query_syntax/setops",
    "duplicate-cte": "query_syntax/with",
    "not-grouped": "query_syntax/groupby",
    "type-error": "expressions/cast",
    "unknown-function": "functions/overview",
}
"""Pages of the engine's manual that say what a query of this kind has to be like."""


def diagnostic(
    problem: Problem, lines: LineIndex, encoding: Encoding, uri: str, abilities: Abilities, dialect: str
) -> types.Diagnostic:
    """A problem as an editor shows it; one without a place is shown at the start of the document."""
    page = _PAGES.get(problem.code) if abilities.code_descriptions and dialect == "duckdb" else None
    related = [
        types.DiagnosticRelatedInformation(types.Location(uri, _lsp_range(one.span, lines, encoding)), one.message)
        for one in problem.related
        if abilities.related_information
    ]
    return types.Diagnostic(
        range=_lsp_range(problem.span or Span(0, 0), lines, encoding),
        message=problem.text,
        severity=_SEVERITIES[problem.severity],
        code=problem.code,
        code_description=types.CodeDescription(f"https://duckdb.org/docs/stable/sql/{page}") if page else None,
        source=SOURCE,
        related_information=related or None,
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

    The rest of the word at the cursor is not written: that is ghost text. None if there is nothing else, or if an edit
    cannot be written where the SQL is.
    """
    start = analysis.statement.span.start if analysis.statement is not None else 0
    edits: list[types.TextEdit | types.AnnotatedTextEdit | types.SnippetTextEdit] = []
    for edit in analysis.edits:
        if analysis.is_predicted(edit):
            continue
        written = text_edits(edit.span.shifted(start), edit.new_text, analysis.lines, encoding)
        if written is None or any(_overlap(one.range, other.range) for one in written for other in edits):
            return None
        edits += written
    if not edits:
        return None
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
    result: str = "",
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
    path = _breadcrumb(analysis, purpose)
    return protocol.Preview(
        uri=analysis.snapshot.uri,
        version=analysis.snapshot.version,
        purpose=purpose,
        outcome=outcome,
        statement=_wire_range(statement.span, analysis.lines, encoding) if statement is not None else None,
        range=_wire_range(shown, analysis.lines, encoding) if shown is not None else None,
        breadcrumb=path,
        places=[_place(analysis, tuple(path[: depth + 1]), encoding) for depth in range(len(path))],
        edits=_edits(analysis, encoding),
        pieces=_pieces(analysis),
        problems=[_problem(problem, analysis.lines, encoding) for problem in said],
        timings=protocol.Timings(
            analysis=_milliseconds(analysis.seconds),
            engine=_milliseconds(answer.result.seconds if answer is not None else None),
            total=_milliseconds(total_seconds),
            direct=_milliseconds(answer.direct_seconds if answer is not None else None),
        ),
        result=result,
        **(_answer(answer) if answer is not None else {}),
    )


def _breadcrumb(analysis: Analysis, purpose: Literal["preview", "submit"]) -> list[str]:
    """The way to the SELECT that is shown; a submit runs the whole statement, wherever the cursor is."""
    if purpose == "submit":
        return ["main"] if analysis.statement is not None else []
    return list(analysis.unit.path) if analysis.unit is not None else []


def _place(analysis: Analysis, path: tuple[str, ...], encoding: Encoding) -> protocol.Position | None:
    """Where the cursor would be in the SELECT of that path."""
    offset = analysis.place_in(path)
    return _wire_range(Span(offset, offset), analysis.lines, encoding).start if offset is not None else None


def jobs(uri: str, graph: JobGraph, catalog: Catalog) -> protocol.Jobs:
    """The message for a job graph over a catalog."""
    nodes = [
        protocol.JobNode(
            key=job.key,
            kind=job.kind,
            label=job.label,
            state=job.state,
            sql=job.sql,
            table=job.table,
            tables=list(job.tables),
            rows=job.rows,
            bytes=job.bytes,
            milliseconds=_milliseconds(job.seconds),
            estimated_rows=job.estimated_rows,
            estimated_milliseconds=_milliseconds(job.estimated_seconds),
            reason=job.reason,
            queries=list(job.queries),
        )
        for job in graph.jobs
    ]
    edges = [protocol.JobEdge(source=source, target=target, kind=kind) for source, target, kind in graph.edges]
    names = dict.fromkeys(name for job in graph.jobs for name in job.tables)
    return protocol.Jobs(uri=uri, nodes=nodes, edges=edges, tables=[_base_table(name, catalog) for name in names])


def _base_table(name: str, catalog: Catalog) -> protocol.BaseTable:
    found = catalog.find(*reversed(name.split(".")))
    if found is None:
        return protocol.BaseTable(name=name)
    return protocol.BaseTable(name=name, rows=found.row_count, bytes=found.bytes)


def explained(analysis: Analysis, explanation: Explanation | None, encoding: Encoding) -> protocol.Explained:
    """What would be done for a statement; without an explanation, why there is nothing to do."""
    repaired, start = analysis.repair, analysis.statement.span.start if analysis.statement is not None else 0
    said = [_problem(problem, analysis.lines, encoding) for problem in analysis.problems]
    edits = [edit.reason for edit in analysis.edits]
    if explanation is None:
        return protocol.Explained(repaired=(repaired.sql or "") if repaired else "", edits=edits, problems=said)
    told = (shifted(problem, start) for problem in explanation.problems)
    return protocol.Explained(
        repaired=(repaired.sql or "") if repaired else "",
        edits=edits,
        units=[
            protocol.ExplainedUnit(
                path=list(unit.path),
                temp_table=unit.name,
                create=unit.create,
                reason=unit.reason,
                estimated_rows=unit.estimate.rows if unit.estimate is not None else None,
                sql=unit.sql,
            )
            for unit in explanation.units
        ],
        sql=explanation.planned.sql or explanation.direct_sql,
        served_from=list(explanation.planned.uses),
        temp_only=explanation.planned.temp_only,
        decisions=[_decision(decision) for decision in explanation.planned.decisions],
        problems=said + [_problem(problem, analysis.lines, encoding) for problem in told],
    )


def _answer(answer: Answer) -> dict[str, Any]:
    result = answer.result
    return {
        "states": list(answer.states),
        "sample": _sample(answer.sample) if answer.sample is not None else None,
        "columns": [protocol.Column(name=column.name, type=column.type) for column in result.columns],
        "rows": cells(result.rows, [column.type for column in result.columns]),
        "complete": result.complete,
        "total_rows": answer.total_rows,
        "estimated_rows": answer.estimated_rows if answer.total_rows is None else None,
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
    return protocol.Sample(fraction=sample.fraction, table=sample.table, intervals=intervals, rows=sample.rows)


def _decision(decision: Decision) -> protocol.Decision:
    return protocol.Decision(
        path=list(decision.path),
        view=decision.view,
        used=decision.used,
        reason=decision.reason,
        compensation=decision.compensation,
        passed=list(decision.passed),
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
            predicted=analysis.is_predicted(edit),
        )
        for edit in analysis.edits
    ]


def _pieces(analysis: Analysis) -> list[protocol.Piece]:
    """The statement as it was typed and as it was repaired, side by side."""
    if analysis.repair is None:
        text = analysis.statement.text if analysis.statement is not None else ""
        return [protocol.Piece(typed=text, executed=text)] if text else []
    typed, pieces, position = analysis.repair.typed, [], 0
    for number, edit in enumerate(analysis.edits):
        kept = typed[position : edit.span.start]
        if kept:
            pieces.append(protocol.Piece(typed=kept, executed=kept))
        pieces.append(protocol.Piece(typed=edit.span.of(typed), executed=edit.new_text, edit=number))
        position = edit.span.end
    rest = typed[position:]
    return [*pieces, protocol.Piece(typed=rest, executed=rest)] if rest else pieces


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
