"""The language model of a server's connection."""

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from speql_server import protocol
from speql_server.clock import Clock
from speql_server.language_model.daemon import in_daemon
from speql_server.language_model.key import key_of
from speql_server.language_model.spending_file import SpendingFile
from speql_speculator.language_model.client import load_openai
from speql_speculator.language_model.endpoint import Endpoint, endpoint_of
from speql_speculator.language_model.model import Model
from speql_speculator.language_model.request import Completion, Request
from speql_speculator.language_model.settings import LanguageModelSettings
from speql_speculator.language_model.spending import DAY, HOUR, Charge
from speql_sql import Problem

T = TypeVar("T")


class LanguageModel:
    """Owns the client, the key and the spending of one connection. Lives on the event loop.

    Whatever computes or waits for a disk runs in a thread of its own, so that neither keystrokes nor replies queue up
    behind it. Nothing is opened, and no library is imported, before the first question. ``changed`` is called when the
    status may be another one.
    """

    def __init__(
        self,
        settings: LanguageModelSettings,
        label: str,
        clock: Clock,
        changed: Callable[[], None] = lambda: None,
        *,
        folder: Path | None = None,
        today: Callable[[], float] = time.time,
    ) -> None:
        self.settings = settings
        self._clock = clock
        self._changed = changed
        self._today = today
        self._file = SpendingFile(folder or _data_folder(), label)
        self._thread = ThreadPoolExecutor(1, "speql-language-model")
        found = endpoint_of(settings)
        self._endpoint: Endpoint | None = found if isinstance(found, Endpoint) else None
        self._problem: Problem | None = None if isinstance(found, Endpoint) else found
        self._model: Model | None = None
        self._opening: asyncio.Task[None] | None = None
        self._asking = 0
        self._closed = False

    @property
    def endpoint(self) -> Endpoint | None:
        """Where requests go; None if the settings do not say."""
        return self._endpoint

    def start(self) -> None:
        """Look for the key and what was spent, in the background."""
        if self._opening is None and self._endpoint is not None:
            self._opening = asyncio.get_running_loop().create_task(self._open(), name="opening the language model")

    def paused(self) -> Problem | None:
        """Why nothing is asked now; None if it can be."""
        return self._problem or (self._model.paused() if self._model is not None else None)

    async def ask(self, request: Request) -> Completion:
        """The model's answer; a problem where there is none."""
        model = await self._ready()
        if isinstance(model, Problem):
            return Completion(problem=model, sent=False)
        self._asking += 1
        self._changed()
        try:
            return await model.ask(request)
        finally:
            self._asking -= 1
            self._changed()

    async def embed(self, texts: Sequence[str]) -> list[list[float]] | Problem:
        """The vectors of texts, or why there are none."""
        model = await self._ready()
        if isinstance(model, Problem):
            return model
        try:
            return await model.embed(texts)
        finally:
            self._changed()

    async def elsewhere(self, work: Callable[[], T], /) -> T:
        """Run ``work`` in this room's own thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def status(self) -> protocol.LanguageModel:
        """What to show: never a key."""
        endpoint, settings, now = self._endpoint, self.settings, self._today()
        paused = self.paused()
        spending = self._model.spending if self._model is not None else None
        hour = spending.totals(now, HOUR) if spending is not None else None
        day = spending.totals(now, DAY) if spending is not None else None
        return protocol.LanguageModel(
            state="paused" if paused is not None else "asking" if self._asking else "idle",
            reason=paused.text if paused is not None else "",
            profile=settings.profile,
            host=endpoint.host if endpoint is not None else "",
            small_model=endpoint.small_model if endpoint is not None else "",
            large_model=endpoint.large_model if endpoint is not None else "",
            tokens_hour=hour.tokens if hour is not None else 0,
            tokens_day=day.tokens if day is not None else 0,
            tokens_per_hour=settings.tokens_per_hour,
            dollars_hour=round(hour.dollars, 6) if hour is not None else 0.0,
            dollars_day=round(day.dollars, 6) if day is not None else 0.0,
            dollars_per_hour=settings.dollars_per_hour,
            dollars_per_day=settings.dollars_per_day,
            exact=day.exact if day is not None else True,
        )

    async def _ready(self) -> Model | Problem:
        """The model, open and knowing what was spent, or why there is none."""
        self.start()
        if self._opening is not None:
            await asyncio.shield(self._opening)
        model = self._model
        if model is None or self._closed:
            return self._problem or Problem("language-model-closed", "The server is closed.", None, "information")
        await self.elsewhere(load_openai)
        # Another editor may have spent from the same budget in the meantime.
        model.spending = await self.elsewhere(lambda: self._file.read(self._today()))
        return model

    async def close(self) -> None:
        """Close the connections and end the thread."""
        self._closed = True
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.gather(self._opening, return_exceptions=True)
        if self._model is not None:
            await self._model.close()
        self._thread.shutdown(wait=True)

    async def _open(self) -> None:
        endpoint = self._endpoint
        assert endpoint is not None, "start() asks"
        key = await in_daemon(lambda: key_of(endpoint, self.settings), "speql-keyring")
        if isinstance(key, Problem):
            self._problem = key
        else:
            self._model = Model(
                endpoint,
                key,
                self.settings,
                now=self._clock.now,
                sleep=self._clock.sleep,
                today=self._today,
                charged=self._charge,
                reserve=self._reserve,
            )
            self._model.spending = await self.elsewhere(lambda: self._file.read(self._today()))
        self._changed()

    async def _reserve(self, reserved: Charge) -> Problem | None:
        return await self.elsewhere(lambda: self._file.reserve(reserved, self.settings, self._today()))

    def _charge(self, charge: Charge) -> None:
        # Also when a request was cancelled, so it is not waited for: the thread ends after its work.
        self._thread.submit(self._file.add, charge)


def _data_folder() -> Path:
    from platformdirs import user_data_path

    return user_data_path("speql") / "language-model"
