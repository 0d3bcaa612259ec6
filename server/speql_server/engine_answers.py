"""What an engine says of texts, asked of it once each, in the background of what the user does."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from speql_engines import EngineError
from speql_sql import SpeqlError

T = TypeVar("T")

_KEPT = 512


class EngineAnswers(Generic[T]):
    """Answers by text and version of the catalog. Owned by the event loop.

    One question is asked at a time: whoever needs an answer now, for a diagnostic or a submit, does not wait behind
    all of these. What the engine refuses is an answer, too: None, and is not asked again.
    """

    def __init__(self, ask: Callable[[str], Awaitable[T]]) -> None:
        self._ask = ask
        self._known: OrderedDict[tuple[str, str], T | None] = OrderedDict()
        self._slot = asyncio.Lock()
        self._running: set[asyncio.Task[T]] = set()
        self._round = 0

    def is_known(self, text: str, version: str) -> bool:
        """Whether the engine has been asked about this text."""
        return (text, version) in self._known

    def get(self, text: str, version: str) -> T | None:
        """The answer; None if there is none, or none yet."""
        return self._known.get((text, version))

    async def ask(self, text: str, version: str) -> T | None:
        """The answer, once it is there. Cancelling stops the question on the engine; None if `cancel` stopped it."""
        asked_in = self._round
        async with self._slot:
            if asked_in != self._round:
                return None
            if (text, version) in self._known:
                self._known.move_to_end((text, version))
                return self._known[text, version]
            task = asyncio.ensure_future(self._ask(text))
            self._running.add(task)
            try:
                answer: T | None = await task
            except EngineError:
                answer = None
            except SpeqlError:
                return None  # the connection's own trouble: the next statement that runs will say it
            except asyncio.CancelledError:
                current = asyncio.current_task()
                if current is not None and current.cancelling():
                    raise
                return None
            finally:
                self._running.discard(task)
        self._known[text, version] = answer
        if len(self._known) > _KEPT:
            self._known.popitem(last=False)
        return answer

    def cancel(self) -> None:
        """Stop the questions that are asked and that wait: their answers are of no use any more."""
        self._round += 1
        for task in self._running:
            task.cancel()
