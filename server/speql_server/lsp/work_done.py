"""Work that the user waits for, shown by the editor when it takes over a second, with a way to stop it."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from speql_sql import SpeqlError

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer

T = TypeVar("T")

SHOWN_AFTER_SECONDS = 1.0
"""What takes less is not shown: it would only flicker."""

_REPORT_SECONDS = 1.0


class StoppedError(SpeqlError):
    """The user has stopped work that was shown."""


class WorkDone:
    """Tells the client of work that goes on, if it said that it can show that (``window.workDoneProgress``)."""

    def __init__(self, server: "SpeqlServer") -> None:
        self._server = server

    async def run(self, title: str, work: Coroutine[Any, Any, T]) -> T:
        """The result of some work, which is shown meanwhile. :class:`StoppedError` if the user stops it."""
        task = asyncio.ensure_future(work)
        async with self.shown(title, lambda: task.cancel()):
            try:
                return await task
            except asyncio.CancelledError:
                current = asyncio.current_task()
                if current is not None and current.cancelling():
                    raise
                raise StoppedError(f"{title} was cancelled.") from None

    @asynccontextmanager
    async def shown(self, title: str, cancel: Callable[[], object]) -> AsyncIterator[None]:
        """Show work while the block runs; ``cancel`` is called, on the loop, if the user wants it to stop."""
        if not self._server.abilities.shows_progress:
            yield
            return
        showing = asyncio.get_running_loop().create_task(self._show(title, cancel), name="showing progress")
        try:
            yield
        finally:
            showing.cancel()
            await asyncio.gather(showing, return_exceptions=True)

    async def _show(self, title: str, cancel: Callable[[], object]) -> None:
        clock, progress = self._server.clock, self._server.work_done_progress
        began = clock.now()
        await clock.sleep(SHOWN_AFTER_SECONDS)
        token = str(uuid.uuid4())
        try:
            # Shielded: pygls cannot take the answer to a request that was cancelled.
            await asyncio.shield(progress.create_async(token))
        except JsonRpcException:
            return  # the client does not show it after all
        progress.tokens[token].add_done_callback(lambda stopped: cancel() if stopped.cancelled() else None)
        progress.begin(token, types.WorkDoneProgressBegin(title=title, cancellable=True))
        try:
            while True:
                await clock.sleep(_REPORT_SECONDS)
                message = f"{clock.now() - began:.0f} s"
                progress.report(token, types.WorkDoneProgressReport(message=message, cancellable=True))
        finally:
            progress.end(token, types.WorkDoneProgressEnd())
            progress.tokens.pop(token, None)
