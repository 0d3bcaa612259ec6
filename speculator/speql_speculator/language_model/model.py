"""A language model as the rest of the room sees it: within its budget, and left alone while it fails."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from uuid import uuid4

import msgspec

from speql_speculator.language_model.backoff import Backoff
from speql_speculator.language_model.client import Client
from speql_speculator.language_model.endpoint import Endpoint
from speql_speculator.language_model.request import Completion, Request
from speql_speculator.language_model.settings import LanguageModelSettings
from speql_speculator.language_model.spending import Charge, Spending, settled
from speql_speculator.language_model.usage import Usage, estimated_tokens
from speql_sql import Problem
from speql_sql.secret import Secret

PATIENCE_SECONDS = 5.0
"""A request waits so long for an endpoint that asks to be left alone; what takes longer is given up."""

TRIES = 3
"""A request that failed for a reason that passes is sent so many times at most."""

_PASSES = frozenset(f"language-model-{code}" for code in ("rate-limited", "failed", "unreachable"))


class Model:
    """Asks one endpoint, counts what that costs and stops at the budget. Owned by one event loop.

    ``now`` is a clock for waiting, ``today`` tells seconds since 1970, ``charged`` is called with each charge.
    ``reserve`` asks whoever keeps the budget for several processes whether a request may cost so much: a problem is a
    refusal. What it is asked for is always settled by a charge of the same request.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        key: Secret,
        settings: LanguageModelSettings,
        *,
        now: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
        today: Callable[[], float],
        charged: Callable[[Charge], None] = lambda _: None,
        reserve: Callable[[Charge], Awaitable[Problem | None]] | None = None,
    ) -> None:
        self.endpoint = endpoint
        self.settings = settings
        self.spending = Spending()
        self._client = Client(endpoint, key, settings.timeout_seconds, now)
        self._now = now
        self._sleep = sleep
        self._today = today
        self._charged = charged
        self._reserve = reserve
        self._backoff = Backoff()
        self._reserved: list[Charge] = []
        self._refused: Charge | None = None
        """What the last request could have cost, if it was refused for that."""

    def paused(self) -> Problem | None:
        """Why the model is not asked now; None if it can be."""
        spent = self.spending.refusal(self.settings, self._today(), self._refused)
        return spent or self._backoff.paused(self._now())

    async def ask(self, request: Request) -> Completion:
        """The answer of the model; problems are values, and only cancellation is raised."""
        completion = Completion(sent=False)
        for _ in range(TRIES):
            wait = self._backoff.resume_at - self._now()
            if wait > PATIENCE_SECONDS:
                return Completion(problem=self._backoff.paused(self._now()), sent=False)
            if wait > 0:
                await self._sleep(wait)
            most = self._charge(request, request.most_usage)
            completion = await self._within_budget(most, partial(self._once, request))
            refusal = completion.problem if not completion.sent else None
            self._refused = most if refusal is not None else None
            if refusal is not None:
                return completion
            self._backoff = self._backoff.after(completion, self._now())
            if completion.problem is None or completion.problem.code not in _PASSES:
                break
        return completion

    async def embed(self, texts: Sequence[str]) -> list[list[float]] | Problem:
        """A vector of ``embedding_dimensions`` numbers for each text, or why there is none; not tried again."""
        model = self.settings.embedding_model
        most = self._priced(model, Usage(sum(map(estimated_tokens, texts)), estimated=True))
        if (paused := self._backoff.paused(self._now())) is not None:
            return paused
        vectors: list[list[float]] = []

        async def ask(settle: Callable[[Charge | None], None]) -> Completion:
            nonlocal vectors
            found = await self._client.embed(texts, model)
            if isinstance(found, Problem):
                return Completion(problem=found)
            vectors, usage = found
            settle(self._priced(model, usage))
            return Completion()

        completion = await self._within_budget(most, ask)
        if completion.sent:
            self._backoff = self._backoff.after(completion, self._now())
        return completion.problem or vectors

    async def reachable(self) -> Problem | None:
        """Whether the endpoint answers and takes the key, or why not."""
        return await self._client.reachable()

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _within_budget(
        self, most: Charge, ask: Callable[[Callable[[Charge | None], None]], Awaitable[Completion]]
    ) -> Completion:
        """What ``ask`` answers, if the budget has room for ``most``; it is given what settles that, once.

        Requests of several documents, and of several processes, may be under way: what they may cost is as good as
        spent.
        """
        refusal = self._with_reserved().refusal(self.settings, self._today(), most)
        if refusal is not None:
            return Completion(problem=refusal, sent=False)
        request = uuid4().hex
        reserved = msgspec.structs.replace(most, reserved=True, request=request)
        charge: Charge | None = None

        def settle(found: Charge | None) -> None:
            nonlocal charge
            charge = found

        self._reserved.append(reserved)
        try:
            if self._reserve is not None and (refusal := await self._reserve(reserved)) is not None:
                return Completion(problem=refusal, sent=False)
            return await ask(settle)
        finally:
            self._reserved.remove(reserved)
            if charge is not None:
                self._spend(msgspec.structs.replace(charge, request=request))
            elif self._reserve is not None:
                self._spend(settled(reserved))

    async def _once(self, request: Request, settle: Callable[[Charge | None], None]) -> Completion:
        def used(usage: Usage) -> None:
            settle(None if usage == Usage() else self._charge(request, usage))

        return await self._client.complete(request, used)

    def _spend(self, charge: Charge) -> None:
        self.spending = self.spending.with_charge(charge)
        self._charged(charge)

    def _with_reserved(self) -> Spending:
        return Spending.of((*self.spending.charges, *self._reserved), self._today())

    def _charge(self, request: Request, usage: Usage) -> Charge:
        return self._priced(self.endpoint.small_model if request.size == "small" else self.endpoint.large_model, usage)

    def _priced(self, model: str, usage: Usage) -> Charge:
        price = self.endpoint.price(model, self.settings)
        return Charge(
            at=self._today(),
            model=model,
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            cached_tokens=usage.cached_tokens,
            dollars=price.dollars(usage),
            estimated=usage.estimated,
            price_known=price.known,
        )
