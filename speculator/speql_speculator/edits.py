"""Turns a settled tree into text edits."""

from collections.abc import Sequence
from dataclasses import dataclass

from speql_speculator.parsing.syntax_tree import (
    Fault,
)
from speql_speculator.tokens import Token
from speql_sql import Span


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace ``span`` of the statement's text by ``new_text``; ``code`` is stable, ``reason`` is for humans."""

    span: Span
    new_text: str
    reason: str
    code: str


def apply_edits(text: str, edits: Sequence[Edit]) -> str:
    """``text`` with ordered, disjoint edits applied."""
    parts: list[str] = []
    position = 0
    for edit in edits:
        parts += (text[position : edit.span.start], edit.new_text)
        position = edit.span.end
    return "".join([*parts, text[position:]])


def moved(offset: int, edits: Sequence[Edit]) -> int:
    """Where the place ``offset`` of the typed text is in the edited one; behind what is inserted before it."""
    shift = 0
    for edit in edits:
        if edit.span.start > offset or (edit.span.start == offset and edit.span.end == offset):
            break
        if edit.span.end > offset:
            return edit.span.start + shift + min(offset - edit.span.start, len(edit.new_text))
        shift += len(edit.new_text) - (edit.span.end - edit.span.start)
    return offset + shift


class EditBuilder:
    """Collects what to remove and insert, by token, and writes it as edits."""

    def __init__(self, text: str, tokens: Sequence[Token]) -> None:
        self.text = text
        self.tokens = tokens
        self._removed: dict[int, Fault] = {}
        self._after: dict[int, list[tuple[str, str, str]]] = {}
        self._before: dict[int, list[tuple[str, str, str]]] = {}
        self._replaced: dict[int, tuple[str, str, str]] = {}
        self._position = -1

    def remove(self, first: int, last: int, fault: Fault) -> None:
        """Leave out tokens."""
        for index in range(first, min(last, len(self.tokens))):
            self._removed.setdefault(index, fault)

    def insert(self, after: int, new_text: str, code: str, reason: str) -> None:
        """Insert text after the last kept token up to ``after``; called in text order."""
        after = max(after, self._position)
        self._after.setdefault(after, []).append((new_text, code, reason))
        self._position = after

    def insert_before(self, token: int, new_text: str, code: str, reason: str) -> None:
        """Insert text right before a token."""
        self._before.setdefault(token, []).append((new_text, code, reason))

    def replace(self, token: int, new_text: str, code: str, reason: str) -> None:
        """Replace a token."""
        self._replaced[token] = (new_text, code, reason)

    def edits(self) -> tuple[Edit, ...]:
        """All edits in text order."""
        found: list[Edit] = []
        anchor = self.tokens[0].start if self.tokens else 0
        run: list[int] = []

        def flush() -> None:
            nonlocal run
            edge = anchor
            for first, last in self._runs(run):
                span = self._removal(first, last, edge)
                edge = self.tokens[last].end
                fault = self._removed[first]
                found.append(Edit(span, "", fault.reason, fault.code))
            run = []

        pending: list[tuple[str, str, str]] = self._after.get(-1, [])
        for index, token in enumerate(self.tokens):
            if index in self._removed:
                run.append(index)
                pending = pending + self._after.get(index, [])
                continue
            if pending:
                for new_text, code, reason in pending:
                    found.append(Edit(Span(anchor, anchor), new_text, reason, code))
                pending = []
            flush()
            for new_text, code, reason in self._before.get(index, ()):
                found.append(Edit(Span(token.start, token.start), new_text, reason, code))
            if index in self._replaced:
                new_text, code, reason = self._replaced[index]
                found.append(Edit(Span(token.start, token.end), new_text, reason, code))
            elif token.closer:
                found.append(Edit(Span(token.end, token.end), token.closer, "What is open is closed", "closed"))
            anchor = token.end
            pending = list(self._after.get(index, ()))
        for new_text, code, reason in pending:
            found.append(Edit(Span(anchor, anchor), new_text, reason, code))
        flush()
        return tuple(_spaced(self.text, found))

    def _runs(self, run: list[int]) -> list[tuple[int, int]]:
        """Runs of tokens removed for one cause, with nothing but white space between them: comments stay."""
        runs: list[tuple[int, int]] = []
        for index in run:
            last = runs[-1][1] if runs else index
            alike = self._removed[last].code == self._removed[index].code
            if runs and alike and not self.text[self.tokens[last].end : self.tokens[index].start].strip():
                runs[-1] = (runs[-1][0], index)
            else:
                runs.append((index, index))
        return runs

    def _removal(self, first: int, last: int, anchor: int) -> Span:
        """The span of a run of removed tokens, with the white space before it where that would be left double."""
        start, end = self.tokens[first].start, self.tokens[last].end
        space_start = start
        while space_start > anchor and self.text[space_start - 1].isspace():
            space_start -= 1
        # A line break that ends a comment must stay.
        if space_start > anchor and self.text[anchor:space_start].strip():
            space_start = start
        if first == 0:
            return Span(start, end)
        return Span(space_start, end)


def _spaced(text: str, edits: list[Edit]) -> list[Edit]:
    """The same edits, with a space where two words would otherwise become one; empty ones left out."""
    result: list[Edit] = []
    for number, edit in enumerate(edits):
        following = edits[number + 1] if number + 1 < len(edits) else None
        if following is not None and following.span.start == edit.span.end:
            result.append(edit)
            continue
        end = edit.new_text or (
            text[: edit.span.start][-1:] if not _before_text(result, edit) else _before_text(result, edit)
        )
        after = text[edit.span.end : edit.span.end + 1]
        if glues(end[-1:], after) and not (edit.new_text == "" and edit.span.start == edit.span.end):
            edit = Edit(edit.span, edit.new_text + " ", edit.reason, edit.code)
        result.append(edit)
    return [edit for edit in result if edit.new_text or edit.span.start != edit.span.end]


def _before_text(result: list[Edit], edit: Edit) -> str:
    return result[-1].new_text if result and result[-1].span.end == edit.span.start else ""


def glues(left: str, right: str) -> bool:
    """Whether two characters, put side by side, would make one word of two."""
    return bool(left and right) and (left.isalnum() or left in "_\"'") and (right.isalnum() or right in "_\"'")
