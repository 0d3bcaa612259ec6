"""A language model as the rest of the room sees it: within its budget, and left alone while it fails."""

from collections.abc import Awaitable, Callable, Sequence

from speql_speculator.language_model.backoff import Backoff
from speql_speculator.language_model.client import Client
from speql_speculator.language_model.endpoint import Endpoint
from speql_speculator.language_model.request import Completion, Request
from speql_speculator.language_model.settings import LanguageModelSettings
from speql_speculator.language_model.spending import Charge, Spending
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
    ) -> None:
        self.endpoint = endpoint
        self.settings = settings
        self.spending = Spending()
        self._client = Client(endpoint, key, settings.timeout_seconds, now)
        self._now = now
        self._sleep = sleep
        self._today = today
        self._charged = charged
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
            refusal = self._with_reserved().refusal(self.settings, self._today(), most)
            self._refused = most if refusal is not None else None
            if refusal is not None:
                return Completion(problem=refusal, sent=False)
            completion = await self._once(request, most)
            self._backoff = self._backoff.after(completion, self._now())
            if completion.problem is None or completion.problem.code not in _PASSES:
                break
        return completion

    async def embed(self, texts: Sequence[str]) -> list[list[float]] | Problem:
        """A vector of ``embedding_dimensions`` numbers for each text, or why there is none; not tried again."""
        model = self.settings.embedding_model
        most = self._priced(model, Usage(sum(map(estimated_tokens, texts)), estimated=True))
        paused = self._backoff.paused(self._now())
        refusal = paused or self._with_reserved().refusal(self.settings, self._today(), most)
        if refusal is not None:
            return refusal
        self._reserved.append(most)
        try:
            found = await self._client.embed(texts, model)
        finally:
            self._reserved.remove(most)
        problem = found if isinstance(found, Problem) else None
        self._backoff = self._backoff.after(Completion(problem=problem), self._now())
        if isinstance(found, Problem):
            return found
        vectors, usage = found
        self._spend(self._priced(model, usage))
        return vectors

    async def reachable(self) -> Problem | None:
        """Whether the endpoint answers and takes the key, or why not."""
        return await self._client.reachable()

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _once(self, request: Request, most: Charge) -> Completion:
        # Requests of several documents may be under way: what they may cost is as good as spent.
        self._reserved.append(most)
        try:
            return await self._client.complete(request, lambda usage: self._use(request, usage))
        finally:
            self._reserved.remove(most)

    def _use(self, request: Request, usage: Usage) -> None:
        if usage == Usage():
            return
        self._spend(self._charge(request, usage))

    def _spend(self, charge: Charge) -> None:
        self.spending = self.spending.with_charge(charge)
        self._charged(charge)

    def _with_reserved(self) -> Spending:
        return Spending((*self.spending.charges, *self._reserved))

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
