"""The edits that lead from what the user typed to what a model answered, if it keeps the user's words."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from speql_speculator.edits import Edit, apply_edits, glues
from speql_speculator.parsing.keywords import JOIN_WORDS, NO_BARE_ALIAS
from speql_speculator.resolving.closest_name import closest_names
from speql_speculator.tokens import Token, tokenize
from speql_sql import Problem, Span

CODE = "language-model"

MAX_CELLS = 100_000
"""Texts that differ in so many pairs of words are not compared: an answer that far away is no repair."""

FRAGMENT = 4
"""At most so many words that end at the cursor are a dangling fragment: ``AND f . dep``."""

_LEADING = (NO_BARE_ALIAS | JOIN_WORDS) - {"SELECT", "WITH", "END", "NULL", "TRUE", "FALSE"}

_INSERTED, _REPLACED, _DROPPED, _NEVER = 1.0, 2.0, 3.0, float("inf")


@dataclass(frozen=True, slots=True)
class Difference:
    """``edits`` of the typed text, or the ``problem`` that the answer takes words of the user's away."""

    edits: tuple[Edit, ...] = ()
    problem: Problem | None = None


def difference(
    typed: str,
    answer: str,
    *,
    dialect: str = "duckdb",
    cursor: int | None = None,
    exists: Callable[[str], bool] = lambda _: False,
) -> Difference:
    """The fewest edits of ``typed`` that have the words of ``answer``, in order; comments stay as typed.

    Words may be inserted anywhere. Only two things may go: up to :data:`FRAGMENT` words that end at the cursor (None is
    the end) and are no whole thing, and a word that means nothing (``exists`` knows which do), for one that is spelt
    nearly alike. Literals are never changed. Spelling counts without regard to letter case.

    >>> [edit.new_text for edit in difference("SELEC a FROM t WHERE (b > 1", "SELECT a FROM t WHERE (b > 1)").edits]
    ['SELECT', ')']
    >>> difference("SELECT a, b FROM t WHERE c", "SELECT a FROM t WHERE c").problem.code
    'words-lost'
    """
    old, new = _tokens(typed, dialect), _tokens(answer, dialect)
    head = 0
    while head < min(len(old), len(new)) and _same(old[head], new[head]):
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and _same(old[-1 - tail], new[-1 - tail]):
        tail += 1
    middle_old, middle_new = old[head : len(old) - tail], new[head : len(new) - tail]
    if len(middle_old) * len(middle_new) > MAX_CELLS:
        return Difference(problem=_lost("The answer has little to do with the text."))
    fragment = _fragment(old, len(typed) if cursor is None else cursor, exists)
    steps = _alignment(middle_old, middle_new, {id(token) for token in fragment}, exists)
    # Of two alike, either may be the one that is gone: so they are compared as they are spelt.
    dropped = [_spelling(old) for old, new in steps or () if old is not None and new is None]
    if steps is None or dropped != [_spelling(token) for token in fragment[len(fragment) - len(dropped) :]]:
        return Difference(problem=_lost("The answer leaves out or changes words that were typed."))
    aligned = [
        *zip(old[:head], new[:head], strict=True),
        *steps,
        *zip(old[len(old) - tail :], new[len(new) - tail :], strict=True),
    ]
    edits = tuple(_edits(typed, answer, aligned))
    made = _tokens(apply_edits(typed, edits), dialect)
    if [_spelling(token) for token in made] != [_spelling(token) for token in new]:
        # A comment or a character next to the place has made another word of what was inserted.
        return Difference(problem=_lost("The answer cannot be written into the text."))
    return Difference(edits)


_Step = tuple[Token | None, Token | None]


def _lost(message: str) -> Problem:
    return Problem("words-lost", message, None, "information")


def _tokens(text: str, dialect: str) -> list[Token]:
    tokens = tokenize(text, dialect)
    while tokens and tokens[-1].upper == ";":
        tokens.pop()
    return tokens


def _spelling(token: Token) -> str:
    return (token.upper if token.kind == "word" else token.text) + token.closer


def _same(left: Token, right: Token) -> bool:
    return left.kind == right.kind and _spelling(left) == _spelling(right)


def _fragment(tokens: list[Token], place: int, exists: Callable[[str], bool]) -> list[Token]:
    """The words before the cursor that may go: an unknown word that is being typed, an operator with nothing behind it
    and its left side, and the words that lead to them. What is whole is no fragment.
    """
    index = next((index for index in range(len(tokens) - 1, -1, -1) if tokens[index].start < place), -1)
    start = index + 1
    if index < 0:
        return []
    token = tokens[index]
    if token.end >= place and ((token.kind == "word" and not exists(token.text)) or token.closer):
        start = _qualified_start(tokens, index)
    while start > 0 and index + 1 - start < FRAGMENT:
        token = tokens[start - 1]
        if token.upper == "." or (token.kind == "operator" and not _is_star(tokens, start - 1)):
            before = start - 2
            operand = before >= 0 and tokens[before].kind in ("word", "quoted") and not _leads(tokens[before])
            start = _qualified_start(tokens, before) if operand else start - 1
        elif token.upper == "," or _leads(token):
            start -= 1
        else:
            break
    return tokens[max(start, index + 1 - FRAGMENT) : index + 1]


def _qualified_start(tokens: list[Token], index: int) -> int:
    while index >= 2 and tokens[index - 1].upper == "." and tokens[index - 2].kind in ("word", "quoted"):
        index -= 2
    return index


def _is_star(tokens: list[Token], index: int) -> bool:
    """Whether an asterisk stands for all columns or rows."""
    before = tokens[index - 1] if index else None
    return tokens[index].upper == "*" and (before is None or before.upper in (",", "(", ".") or _leads(before))


def _leads(token: Token) -> bool:
    """Whether a key word says that something follows."""
    return token.kind == "word" and token.upper in _LEADING


def _replaceable(old: Token, new: Token, exists: Callable[[str], bool]) -> bool:
    """Whether a word that means nothing is put right."""
    if old.kind != "word" or new.kind != "word" or exists(old.text):
        return False
    return bool(closest_names(old.text, [new.text])) or old.upper == new.upper


def _alignment(
    old: Sequence[Token], new: Sequence[Token], droppable: set[int], exists: Callable[[str], bool]
) -> list[_Step] | None:
    """The cheapest way from ``old`` to ``new``; None if words would be lost on every way."""
    columns = len(new) + 1
    costs = [[column * _INSERTED for column in range(columns)]]
    for row, token in enumerate(old, 1):
        above = costs[row - 1]
        drop = _DROPPED if id(token) in droppable else _NEVER
        current = [above[0] + drop]
        known: dict[str, bool] = {}
        for column, other in enumerate(new, 1):
            best = min(current[-1] + _INSERTED, above[column] + drop)
            diagonal = above[column - 1]
            if _same(token, other):
                best = min(best, diagonal)
            elif diagonal + _REPLACED < best:
                if other.text not in known:
                    known[other.text] = _replaceable(token, other, exists)
                if known[other.text]:
                    best = diagonal + _REPLACED
            current.append(best)
        costs.append(current)
    if costs[-1][-1] == _NEVER:
        return None
    steps: list[_Step] = []
    row, column = len(old), len(new)
    while row or column:
        here = costs[row][column]
        if row and column:
            same = _same(old[row - 1], new[column - 1])
            if here == costs[row - 1][column - 1] + (0.0 if same else _REPLACED) and (
                same or _replaceable(old[row - 1], new[column - 1], exists)
            ):
                steps.append((old[row - 1], new[column - 1]))
                row, column = row - 1, column - 1
                continue
        if column and here == costs[row][column - 1] + _INSERTED:
            steps.append((None, new[column - 1]))
            column -= 1
        else:
            steps.append((old[row - 1], None))
            row -= 1
    steps.reverse()
    return steps


def _edits(typed: str, answer: str, aligned: list[_Step]) -> list[Edit]:
    """The alignment as edits, what stands side by side in one. What is inserted has the answer's own spaces inside."""
    edits: list[Edit] = []
    place, index = 0, 0
    while index < len(aligned):
        old, new = aligned[index]
        if old is not None and new is not None and _same(old, new):
            if old.closer:
                edits.append(Edit(Span(old.end, old.end), old.closer, "What is open is closed", "closed"))
            place, index = old.end, index + 1
            continue
        run = [(old, new)]
        while index + len(run) < len(aligned):
            step = aligned[index + len(run)]
            if step[0] is not None and step[1] is not None and _same(step[0], step[1]):
                break
            run.append(step)
        index += len(run)
        following = aligned[index][0] if index < len(aligned) else None
        edits.append(_edit(typed, answer, run, place, following))
        place = max([place, *(token.end for token, _ in run if token is not None)])
    return edits


def _edit(typed: str, answer: str, run: list[_Step], place: int, following: Token | None) -> Edit:
    gone = [old for old, _ in run if old is not None]
    come = [new for _, new in run if new is not None]
    text = answer[come[0].start : come[-1].end] if come else ""
    if gone:
        start, end = gone[0].start, gone[-1].end
        before = typed[start:end]
        if not come:
            gap = start
            while gap > place and typed[gap - 1].isspace():
                gap -= 1
            start = gap if not typed[place:gap].strip() else start
            reason = f"`{before}` is not finished yet: left out"
        elif len(gone) == 1 and len(come) == 1:
            reason = f"`{before}` was read as `{text}`"
        else:
            reason = f"`{before}` was read as `{text}` by the language model"
    else:
        start = end = place
        reason = f"`{text}` was added by the language model"
        if glues(typed[:start][-1:], text[:1]) or (start and answer[: come[0].start][-1:].isspace()):
            text = " " + text
    if text and following is not None and end == following.start:
        text += " " if glues(text[-1:], typed[end : end + 1]) else ""
    elif not text and glues(typed[:start][-1:], typed[end : end + 1]):
        text = " "
    return Edit(Span(start, end), text, reason, CODE)
