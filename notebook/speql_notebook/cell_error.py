"""What a notebook shows of a cell that gave no result: the problem and the repaired text, no traceback."""

from collections.abc import Sequence

from speql_notebook.ran import Ran
from speql_server.lsp.positions import LineIndex
from speql_server.protocol import Edit
from speql_sql import SpeqlError
from speql_sql.problem import sentences


class CellError(SpeqlError):
    """A cell was not run, or failed. IPython shows its lines in the place of a traceback, and "run all" stops here."""

    def _render_traceback_(self) -> list[str]:
        return str(self).splitlines()


def error_of(ran: Ran) -> CellError:
    """The error of a statement that gave no result, with the text that SpeQL would run in its place."""
    told = [problem for problem in ran.preview.problems if problem.code != "not-submitted"]
    lines = [f"SpeQL: {sentences(problem.message, problem.hint)}" for problem in told] or ["SpeQL: There is no result."]
    if ran.preview.edits:
        lines += ["", "It was not run. Repaired, it would be:", "", repaired_text(ran.statement, ran.preview.edits), ""]
        lines += [f"  {at}. {edit.reason}" for at, edit in enumerate(ran.preview.edits, 1)]
    return CellError("\n".join(lines))


def repaired_text(typed: str, edits: Sequence[Edit]) -> str:
    """The typed text with the edits applied, which are in its order; of several at one place each is behind the one
    before. Their positions count code points, as notebooks ask the session to.
    """
    index = LineIndex(typed)
    parts: list[str] = []
    behind = 0
    for edit in edits:
        start, end = (
            index.offset(place.line, place.character, "utf-32") for place in (edit.range.start, edit.range.end)
        )
        parts += (typed[behind:start], edit.new_text)
        behind = max(behind, end)
    return "".join([*parts, typed[behind:]])
