"""What a model thinks comes next at the cursor, for ghost text."""

from collections.abc import Awaitable, Callable, Iterator

from speql_speculator.language_model.endpoint import Endpoint
from speql_speculator.language_model.ladder import Elsewhere, Question, here, prepare
from speql_speculator.language_model.prompts import Context, continuation_request
from speql_speculator.language_model.redaction import Redacted
from speql_speculator.language_model.request import Completion, Request
from speql_speculator.language_model.settings import LanguageModelSettings
from speql_speculator.tokens import tokenize

MAX_SHOWN = 400
"""Longer continuations (code points) are not shown: nobody reads them."""


async def fill_in_the_middle(
    question: Question,
    settings: LanguageModelSettings,
    endpoint: Endpoint,
    ask: Callable[[Request], Awaitable[Completion]],
    works: Callable[[str], Awaitable[bool]],
    elsewhere: Elsewhere = here,
) -> str | None:
    """The text that belongs at the question's cursor, or None; ``works`` says of a whole statement if it is shown.

    ``works`` has to parse, guard and bind. The whole answer is tried first, then its beginnings at the ends of lines
    and at words, so that a good start of a bad answer is not lost. Nothing is asked with the cursor in a literal.
    """
    typed = question.typed
    cursor = len(typed) if question.cursor is None else min(question.cursor, len(typed))
    prepared = await elsewhere(lambda: _divided(question, settings, cursor))
    if prepared is None:
        return None
    text, prefix, suffix, context = prepared
    request = continuation_request(
        prefix, suffix, context, filling=endpoint.filling, template=endpoint.profile.template
    )
    if request is None:
        return None
    completion = await ask(request)
    if completion.problem is not None and completion.problem.code != "language-model-truncated":
        return None
    for candidate in _beginnings(completion.text, prefix, suffix, question.catalog.dialect):
        restored = text.restored(candidate)
        if any(token.kind == "comment" or token.closer for token in tokenize(candidate, text.dialect, comments=True)):
            continue  # it would swallow what stands behind the cursor
        if restored and len(restored) <= MAX_SHOWN and await works(typed[:cursor] + restored + typed[cursor:]):
            return restored
    return None


def _divided(
    question: Question, settings: LanguageModelSettings, cursor: int
) -> tuple[Redacted, str, str, Context] | None:
    prepared = prepare(question, settings)
    if prepared is None or any(
        token.start < cursor < token.end or (token.closer and token.end == cursor)
        for token in tokenize(question.typed, question.catalog.dialect, comments=True)
        if token.kind in ("string", "number", "quoted", "comment")
    ):
        return None
    text, context = prepared
    place = text.offset(cursor)
    return text, text.text[:place], text.text[place:], context


def _beginnings(answer: str, prefix: str, suffix: str, dialect: str) -> Iterator[str]:
    """The answer and its beginnings, the longest first, at most eight; without what the text has already."""
    answer = answer.replace("```sql", "").replace("```", "").replace("<cursor/>", "")
    for length in range(min(len(answer), len(prefix), 200), 3, -1):
        if prefix.endswith(answer[:length]):
            answer = answer[length:]
            break
    stripped = suffix.strip()
    if stripped and answer.rstrip().endswith(stripped):
        answer = answer.rstrip()[: -len(stripped)]
    answer = answer.rstrip().rstrip(";").rstrip()
    if not answer.strip():
        return
    yield answer
    lines = [end for end, point in enumerate(answer) if point == "\n"]
    words = [token.end for token in tokenize(answer, dialect) if token.end < len(answer)]
    seen = {answer}
    for end in [*reversed(lines), *reversed(words)][:7]:
        beginning = answer[:end].rstrip()
        if beginning.strip() and beginning not in seen:
            seen.add(beginning)
            yield beginning
