"""A model over a scripted server, with a clock that only moves when somebody sleeps."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from speql_speculator.language_model.endpoint import Endpoint, endpoint_of
from speql_speculator.language_model.model import Model
from speql_speculator.language_model.settings import LanguageModelSettings
from speql_sql.secret import Secret

from ...scripted_model import ScriptedModel, scripted_model

KEY = "sk-this-is-secret"


@dataclass
class FakeClock:
    """Time that passes only in sleeps, which are over at once."""

    seconds: float = 1_000_000.0
    slept: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds


@dataclass
class Room:
    """A model, its server and its clock."""

    model: Model
    server: ScriptedModel
    clock: FakeClock
    settings: LanguageModelSettings


def endpoint(settings: LanguageModelSettings) -> Endpoint:
    found = endpoint_of(settings)
    assert isinstance(found, Endpoint), found
    return found


@asynccontextmanager
async def opened(*replies: Any, **settings: Any) -> AsyncIterator[Room]:
    """A room with this script."""
    async with scripted_model(*replies) as server:
        chosen = LanguageModelSettings(enabled=True, **{"base_url": server.base_url, **settings})
        clock = FakeClock()
        model = Model(endpoint(chosen), Secret(KEY), chosen, now=clock.now, sleep=clock.sleep, today=clock.now)
        try:
            yield Room(model, server, clock, chosen)
        finally:
            await model.close()


@pytest.fixture
def open_room() -> Callable[..., Any]:
    return opened


@pytest.fixture
def binds(schemas: dict[str, Any]) -> Callable[[str], Awaitable[bool]]:
    """Whether the flights schema binds a query."""

    async def bound(sql: str) -> bool:
        return schemas["flights"].binding_error(sql) is None

    return bound
