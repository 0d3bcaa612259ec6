"""Sessions whose place another one has taken, while what the user has submitted in them runs."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from speql_server.session import Session


class LeavingSessions:
    """What the user has submitted ends, whatever the settings are meanwhile: other settings make another session.

    ``finish`` brings something to its end. Owned by the event loop.
    """

    def __init__(self, finish: Callable[[Coroutine[Any, Any, None], str], None]) -> None:
        self._finish = finish
        self._sessions: dict[Session, str] = {}

    def leave(self, uri: str, session: "Session") -> None:
        """A session of a document has been replaced: it ends with its submits."""
        self._sessions[session] = uri
        self._finish(self._until_closed(session), "closing a session")

    def cancel(self, uri: str | None) -> None:
        """Stop the submits of a document, or all."""
        for session in self._of(uri):
            session.cancel()

    async def close(self, uri: str | None = None) -> None:
        """Close those of a document, or all, with what runs in them."""
        await asyncio.gather(*(session.close() for session in self._of(uri)))

    async def _until_closed(self, session: "Session") -> None:
        try:
            await session.finish()
        finally:
            self._sessions.pop(session, None)

    def _of(self, uri: str | None) -> "list[Session]":
        return [session for session, of in self._sessions.items() if uri is None or of == uri]
