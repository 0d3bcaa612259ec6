"""Has the statements of one document mended by the model where the rules could not."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from functools import partial

from speql_engines.unasked_binding import bind_unasked
from speql_server.analysis import Analysis
from speql_server.clock import Clock
from speql_server.connecting.connection import Connection
from speql_server.language_model.room import LanguageModel
from speql_server.latest_only import LatestOnly
from speql_speculator.edits import moved
from speql_speculator.language_model.fill_in_the_middle import fill_in_the_middle
from speql_speculator.language_model.ladder import Outcome, Question, climb
from speql_speculator.language_model.patches import Patches
from speql_speculator.language_model.worth_asking import MAX_LENGTH, Verdict, worth_asking
from speql_speculator.repair import Repair
from speql_speculator.tokens import tokenize
from speql_sql import Catalog, SpeqlError
from speql_sql.guard import GuardPolicy, speculation_problems
from speql_sql.parse import parse_query

REMEMBERED = 64
"""So many texts are remembered with what came of asking about them."""

_NAMES = ("word", "quoted")

_Key = tuple[str, str]
"""A typed text, and the version of the catalog."""


class Mender:
    """Asks about the newest analysis, and keeps what worked for the analyses that follow. Owned by the event loop.

    What we want: a better repair where the rules are at their end, without one keystroke that waits for it. So the
    analysis of the rules is shown first, always. `consider` starts the question when the text has rested, and a text
    that goes on cancels it, down to the socket. The answer is never handed to anyone: it is remembered for its text,
    ``mended`` asks for that text's analysis again, and `patched`, which every analysis passes, finds it there. So there
    is one way by which a repair reaches the previews, and a stale answer can reach none.
    """

    def __init__(
        self,
        model: LanguageModel,
        connection: Connection,
        clock: Clock,
        analysis: Executor,
        mended: Callable[[], None],
        similar: Callable[[str], Awaitable[Sequence[str]]] | None = None,
    ) -> None:
        self._model = model
        self._connection = connection
        self._analysis = analysis
        self._mended = mended
        self._similar = similar
        self._work: LatestOnly[tuple[_Key, Outcome | None]] = LatestOnly("language model", sleep=clock.sleep)
        self._attempts = model.settings.attempts
        self._patches = Patches()
        self._results: OrderedDict[_Key, Repair | None] = OrderedDict()
        self._text = ""
        self._asked: _Key | None = None
        self._continued = ("", "")

    @property
    def attempts(self) -> int:
        """N of the next ladder: one less after each that came to nothing, the setting's after one that worked."""
        return self._attempts

    def changed(self, text: str) -> None:
        """The document's text is this: a question about another one is stale. A cursor that moves changes nothing."""
        if text != self._text:
            self._text = text
            self._work.cancel()

    async def patched(self, analysis: Analysis) -> Analysis:
        """The analysis, with the repair that a model has found for this text or with a patch for one before it."""
        repaired, statement = analysis.repair, analysis.statement
        if repaired is None or statement is None:
            return analysis
        key = (repaired.typed, analysis.catalog.version)
        found = self._results.get(key)
        if found is None and key not in self._results and len(self._patches) and self._verdict(analysis) == "yes":
            found = await self._from_patches(repaired.typed, analysis.catalog, _typed_cursor(analysis))
            if found is not None:
                self._remember(key, found)
        if found is None:
            return analysis
        cursor = _typed_cursor(analysis)
        place = None if cursor is None else moved(cursor, found.edits)
        return replace(analysis, repair=replace(found, cursor=place), problems=())

    def consider(self, analysis: Analysis) -> None:
        """On the loop: the newest analysis is this; ask about it if that is worth it and was not done."""
        repaired = analysis.repair
        key = (repaired.typed, analysis.catalog.version) if repaired is not None else None
        if key is not None and key == self._asked and self._work.busy:
            return
        self._work.cancel()
        verdict = self._verdict(analysis)
        if repaired is None or key is None or verdict == "no" or key in self._results:
            return
        self._asked = key
        self._work.submit(
            partial(self._ask, key, repaired, analysis, verdict),
            self._answered,
            quiet_seconds=self._model.settings.debounce_seconds,
        )

    async def continuation(self, analysis: Analysis) -> str | None:
        """What the model thinks comes next at the cursor, for ghost text; what it makes of the statement binds.

        Never on the path of a keystroke either: whoever shows it waits for it, and cancels when the text goes on.
        """
        repaired, endpoint = analysis.repair, self._model.endpoint
        if repaired is None or analysis.statement is None or endpoint is None or len(repaired.typed) > MAX_LENGTH:
            return None
        question = await self._question(repaired, analysis)

        def reads(sql: str) -> bool:
            query = parse_query(sql, analysis.catalog.dialect).query
            return query is not None and not speculation_problems(query, question.policy)

        async def works(sql: str) -> bool:
            return await self._model.elsewhere(partial(reads, sql)) and await self._binds(sql)

        found = await fill_in_the_middle(
            question, self._model.settings, endpoint, self._model.ask, works, self._model.elsewhere
        )
        if found is not None:
            self._continued = (question.typed[: question.cursor], found)
        return found

    def suggested(self, typed: str, cursor: int | None, catalog: Catalog) -> tuple[str, ...]:
        """Folded names of the columns in the last continuation, as long as the statement still begins as it did."""
        before, continuation = self._continued
        if not continuation or not typed[:cursor].startswith(before):
            return ()
        words = (token.name.lower() for token in tokenize(continuation, catalog.dialect) if token.kind in _NAMES)
        return tuple(dict.fromkeys(word for word in words if word in catalog.tables_by_column))

    async def settled(self) -> None:
        """Wait until nothing is asked any more."""
        await self._work.settled()

    async def close(self) -> None:
        """Stop asking."""
        await self._work.close()

    def _verdict(self, analysis: Analysis) -> Verdict:
        if analysis.repair is None or analysis.statement is None:
            return "no"
        return worth_asking(analysis.repair, self._model.settings.ask_below, analysis.catalog.dialect)

    async def _ask(
        self, key: _Key, repaired: Repair, analysis: Analysis, verdict: Verdict
    ) -> tuple[_Key, Outcome | None]:
        if verdict == "if-unbound" and (repaired.sql is None or await self._binds(repaired.sql)):
            return key, None
        question = await self._question(repaired, analysis)
        endpoint = self._model.endpoint
        outcome = await climb(
            question,
            self._model.settings,
            self._attempts,
            self._model.ask,
            self._binds,
            self._model.elsewhere,
            one_model=endpoint is not None and endpoint.one_model,
        )
        return key, outcome

    async def _question(self, repaired: Repair, analysis: Analysis) -> Question:
        similar = await self._similar(repaired.typed) if self._similar is not None else ()
        return Question(
            typed=repaired.typed,
            cursor=_typed_cursor(analysis),
            catalog=analysis.catalog,
            similar=tuple(similar),
            policy=self._policy(analysis.catalog),
        )

    def _answered(self, answered: tuple[_Key, Outcome | None]) -> None:
        key, outcome = answered
        self._asked = None
        if outcome is None:
            return
        if outcome.repair is not None:
            self._attempts = self._model.settings.attempts
            self._remember(key, outcome.repair)
            self._patches.keep(outcome.repair, self._connection.engine.info.dialect)
            self._mended()
        elif outcome.exhausted:
            self._attempts = max(self._attempts - 1, 1)
            self._remember(key, None)
        elif outcome.problem is not None and outcome.problem.code == "language-model-not-asked":
            self._remember(key, None)

    def _remember(self, key: _Key, repaired: Repair | None) -> None:
        self._results[key] = repaired
        self._results.move_to_end(key)
        if len(self._results) > REMEMBERED:
            self._results.popitem(last=False)

    async def _from_patches(self, typed: str, catalog: Catalog, cursor: int | None) -> Repair | None:
        """What a patch that worked before makes of the text, if it binds; one that leads to nothing is forgotten."""
        work = partial(self._patches.candidates, typed, catalog, self._policy(catalog), cursor)
        # In the thread of the analyses, whose turn it is: the model's own may be busy with an answer.
        for patch, repairs in await asyncio.get_running_loop().run_in_executor(self._analysis, work):
            for found in repairs:
                if found.edits and await self._binds(str(found.sql)):
                    return found
            self._patches.drop(patch)
        return None

    def _policy(self, catalog: Catalog) -> GuardPolicy:
        return GuardPolicy.for_catalog(catalog, self._connection.scheduler_settings.allowed_paths)

    async def _binds(self, sql: str) -> bool:
        try:
            return (await bind_unasked(self._connection.engine, sql)).ok
        except SpeqlError:
            return False


def _typed_cursor(analysis: Analysis) -> int | None:
    """The cursor's place in the typed statement."""
    snapshot, statement, repaired = analysis.snapshot, analysis.statement, analysis.repair
    if snapshot.cursor is None or statement is None or repaired is None:
        return None
    return min(max(snapshot.cursor - statement.span.start, 0), len(repaired.typed))
