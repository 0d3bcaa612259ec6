"""The ladder of attempts to have a text mended by a model."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Literal, Protocol, TypeVar

from speql_speculator.language_model.answers import local_edits, whole_query, with_local_edits
from speql_speculator.language_model.judging import Judgement, judged
from speql_speculator.language_model.prompts import Context, local_edits_request, rewrite_request
from speql_speculator.language_model.redaction import Redacted, redact
from speql_speculator.language_model.request import Completion, Request, Size
from speql_speculator.language_model.schema_linking import linked_schema
from speql_speculator.language_model.settings import LanguageModelSettings
from speql_speculator.repair import Repair
from speql_sql import Catalog, Problem
from speql_sql.guard import GuardPolicy

T = TypeVar("T")

_TEMPERATURES = (0.0, 0.4, 0.7, 0.9)

_ANSWERS_FAULT = frozenset({"language-model-truncated", "language-model-withheld"})
"""Problems of one answer: the next one may be better. Any other problem is the endpoint's, and ends the ladder."""


class Elsewhere(Protocol):
    """Runs work that takes milliseconds where it holds nobody up."""

    def __call__(self, work: Callable[[], T], /) -> Awaitable[T]:
        """The result of ``work``."""
        ...


async def here(work: Callable[[], T], /) -> T:
    """Run the work at once, for those who have no other place."""
    return work()


@dataclass(frozen=True, slots=True)
class Step:
    """One attempt."""

    kind: Literal["edits", "rewrite"]
    size: Size
    temperature: float


def steps(attempts: int, *, one_model: bool = False) -> tuple[Step, ...]:
    """The ladder for N = ``attempts``: the paper's 2N, the cheap and small ones first.

    The paper (arXiv 2503.00714) says: small-model local edits, then a large-model local edit, then small rewrites, then
    a large rewrite, 2N attempts in all. Read so: N for each kind, of which the last is the large model's. Each small
    attempt after the first has a higher temperature, since the same question at zero has the same answer; so has the
    large one, if ``one_model`` is both.

    >>> [f"{step.size} {step.kind}" for step in steps(2)]
    ['small edits', 'large edits', 'small rewrite', 'large rewrite']
    """
    found: list[Step] = []
    kinds: tuple[Literal["edits", "rewrite"], ...] = ("edits", "rewrite")
    for kind in kinds:
        rising = [_TEMPERATURES[min(number, len(_TEMPERATURES) - 1)] for number in range(attempts)]
        found += [Step(kind, "small", temperature) for temperature in rising[:-1]]
        found.append(Step(kind, "large", rising[-1] if one_model else 0.0))
    return tuple(found)


@dataclass(frozen=True)
class Question:
    """A statement that the rules could not mend, and all that is needed to ask about it."""

    typed: str
    cursor: int | None
    catalog: Catalog
    similar: Sequence[str] = ()
    """Past queries that are like it, as they were run."""
    policy: GuardPolicy = field(default_factory=GuardPolicy)


@dataclass(frozen=True)
class Outcome:
    """``repair`` binds; or it is None, and ``problem`` says why. ``answers`` are those of the model, for reports.

    ``exhausted``: every attempt was made, and all answers were bad.
    """

    repair: Repair | None = None
    problem: Problem | None = None
    answers: tuple[Completion, ...] = ()
    exhausted: bool = False


async def climb(
    question: Question,
    settings: LanguageModelSettings,
    attempts: int,
    ask: Callable[[Request], Awaitable[Completion]],
    binds: Callable[[str], Awaitable[bool]],
    elsewhere: Elsewhere = here,
    *,
    one_model: bool = False,
) -> Outcome:
    """Ask until an answer keeps the user's words, parses, passes the guard and binds; at most 2 ``attempts`` times.

    Raises nothing but ``CancelledError``: when the text goes on, whoever waits cancels.
    """
    prepared = await elsewhere(lambda: prepare(question, settings))
    if prepared is None:
        return Outcome(
            problem=_problem("not-asked", "Quotes do not pair: what is a literal is not sure, so nothing leaves.")
        )
    text, context = prepared
    answers: list[Completion] = []
    refusal: Problem | None = None
    seen: set[str] = set()
    for step in steps(attempts, one_model=one_model):
        make = local_edits_request if step.kind == "edits" else rewrite_request
        completion = await ask(make(text, context, step.size, temperature=step.temperature))
        answers.append(completion)
        if completion.problem is not None and completion.problem.code not in _ANSWERS_FAULT:
            return Outcome(problem=completion.problem, answers=tuple(answers))
        refusal = completion.problem
        if refusal is not None or completion.text in seen:
            continue
        seen.add(completion.text)
        judgement = await elsewhere(partial(_judged, question, text, step.kind, completion.text))
        refusal = judgement.problem
        for found in judgement.repairs:
            if await binds(str(found.sql)):
                return Outcome(found, answers=tuple(answers))
            refusal = _problem("does-not-bind", "The answer does not bind.")
    return Outcome(problem=refusal, answers=tuple(answers), exhausted=True)


def prepare(question: Question, settings: LanguageModelSettings) -> tuple[Redacted, Context] | None:
    """All that may leave: the text and the similar ones, redacted, and the schema; None if that is not sure."""
    catalog = question.catalog
    dialect = catalog.dialect

    def safe(text: str, cursor: int | None) -> Redacted | None:
        return redact(
            text,
            dialect,
            literals=settings.redact_literals,
            comments=settings.redact_comments,
            cursor=cursor,
            names=_CatalogNames(catalog),
        )

    text = safe(question.typed, question.cursor)
    if text is None:
        return None
    similar = [found.text for one in question.similar if (found := safe(one, None)) is not None]
    return text, Context(dialect, linked_schema(question.typed, question.catalog), tuple(similar))


class _CatalogNames:
    """The folded names of a catalog's tables and columns, looked up and not listed: there may be a million."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def __contains__(self, folded: object) -> bool:
        if not isinstance(folded, str):
            return False
        return bool(self._catalog.named(folded)) or folded in self._catalog.tables_by_column


def _judged(question: Question, text: Redacted, kind: str, answer: str) -> Judgement:
    if kind == "edits":
        edits = local_edits(answer)
        mended = with_local_edits(text.text, edits) if edits is not None else None
        if mended is None:
            return Judgement(problem=_problem("malformed-answer", "The answer has no edits that say where."))
    else:
        mended = whole_query(answer)
    restored = text.restored(mended)
    if restored is None:
        return Judgement(problem=_problem("malformed-answer", "The answer has a placeholder that was not given."))
    return judged(question.typed, restored, question.catalog, question.policy, question.cursor)


def _problem(code: str, message: str) -> Problem:
    return Problem(f"language-model-{code}", message, None, "information")
