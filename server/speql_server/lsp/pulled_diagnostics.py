"""The newest diagnostics of each document, for clients that ask for them."""

import asyncio
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lsprotocol import types


@dataclass(frozen=True, slots=True)
class Report:
    """The diagnostics of a version. ``result_id`` names them: two reports of one name say the same."""

    version: int
    result_id: str
    diagnostics: tuple[types.Diagnostic, ...]


class PulledDiagnostics:
    """Reports by document. Owned by the event loop.

    A client that asks waits until the version that it has is judged: an edit later it asks again, and takes back what
    it asked before. For what changes without an edit (a table that was missing has been made, the cursor has left the
    word) nobody would ask: then ``refresh`` is called, once a turn of the loop.
    """

    def __init__(self, refresh: Callable[[], None]) -> None:
        self._refresh = refresh
        self._reports: dict[str, Report] = {}
        self._told: dict[str, int] = {}
        self._waiting: dict[str, set[asyncio.Future[None]]] = {}
        self._numbers = itertools.count(1)
        self._refreshing: asyncio.Handle | None = None

    def put(self, uri: str, version: int, diagnostics: Sequence[types.Diagnostic]) -> None:
        """These are the newest."""
        before = self._reports.get(uri)
        said = tuple(diagnostics)
        same = before is not None and before.diagnostics == said
        name = before.result_id if before is not None and same else str(next(self._numbers))
        self._reports[uri] = Report(version, name, said)
        self._wake(uri)
        if not same and self._told.get(uri) == version and self._refreshing is None:
            self._refreshing = asyncio.get_running_loop().call_soon(self._call_refresh)

    async def report(self, uri: str, newest: Callable[[str], int | None]) -> Report | None:
        """The report of the newest version; None if the document is closed. ``newest`` gives its number."""
        while (version := newest(uri)) is not None:
            report = self._reports.get(uri)
            if report is not None and report.version == version:
                self._told[uri] = version
                return report
            woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            waiting = self._waiting.setdefault(uri, set())
            waiting.add(woken)
            try:
                await woken
            finally:
                waiting.discard(woken)
        return None

    def drop(self, uri: str) -> None:
        """The document is closed."""
        self._reports.pop(uri, None)
        self._told.pop(uri, None)
        self._wake(uri)

    def close(self) -> None:
        """Have nobody wait any more."""
        if self._refreshing is not None:
            self._refreshing.cancel()
        for waiting in self._waiting.values():
            for woken in waiting:
                woken.cancel()

    def _wake(self, uri: str) -> None:
        for woken in self._waiting.get(uri, ()):
            if not woken.done():
                woken.set_result(None)

    def _call_refresh(self) -> None:
        self._refreshing = None
        self._refresh()
