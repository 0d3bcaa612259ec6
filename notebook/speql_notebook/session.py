"""The Python API: a session on a database, for programs and for all that a notebook has."""

import asyncio
import itertools
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future
from dataclasses import replace
from typing import Any, Generic, TypeVar

import pyarrow as pa

from speql_notebook.answer_view import AnswerView
from speql_notebook.cell_error import error_of
from speql_notebook.databases import Closes, Lease
from speql_notebook.ran import Ran
from speql_scheduler.running.answer import Answer
from speql_server.documents import Edited
from speql_server.outlets import Outlets
from speql_server.protocol import Preview
from speql_server.session import Session as DocumentSession
from speql_speculator.snapshot import Snapshot
from speql_speculator.statements import split_statements
from speql_sql import SpeqlError

T = TypeVar("T")

_URI = "speql-session:text.sql"


class Pending(Generic[T]):
    """Something that is being computed: ``await`` it in a coroutine, or call ``result()`` anywhere else."""

    def __init__(self, future: "Future[T]") -> None:
        self._future = future

    def __await__(self) -> Generator[Any, None, T]:
        return asyncio.wrap_future(self._future).__await__()

    def result(self, timeout: float | None = None) -> T:
        """Wait for it, at most ``timeout`` seconds (then `TimeoutError`)."""
        return self._future.result(timeout)

    def done(self) -> bool:
        """Whether it is there."""
        return self._future.done()

    def cancel(self) -> None:
        """Nobody wants it any more: what runs for it stops."""
        self._future.cancel()


class Session:
    """A text that is being typed, and the database that it is about. Made by :func:`speql.connect`.

    ``type`` says what the text is now, and SpeQL works ahead of it, in a thread of its own. ``preview`` gives the rows
    of the SELECT at the cursor, repaired where the text is unfinished; ``submit`` runs the statement as it is written.
    """

    def __init__(self, lease: Lease) -> None:
        self._lease = lease
        self._typing: _Typing = lease.run(_typing(lease))

    @property
    def lease(self) -> Lease:
        """The use of the database, for others to share."""
        return self._lease

    @property
    def label(self) -> str:
        """What the database is called."""
        return self._lease.label

    @property
    def writable(self) -> bool:
        """Whether what is submitted may write."""
        return self._lease.connected.connection.engine.info.writable

    def type(self, text: str, cursor: int | None = None) -> None:
        """The text is this now, with the cursor at an offset, or at its end. Returns at once."""
        self._lease.connected.catch_up()
        self._lease.background.soon(self._typing.changed, text, cursor)

    def preview(self, *, exact: bool = False) -> Pending[AnswerView]:
        """The first preview of the newest text; with ``exact`` the first that is no sample.

        Fails with :class:`~speql_sql.SpeqlError` where the text has none, which says why.
        """
        return Pending(self._lease.background.start(self._typing.preview(exact)))

    def submit(self, sql: str | None = None) -> AnswerView:
        """Run a statement as it is written: the one at the cursor, or those of ``sql`` one after another, of which the
        last one's result is given.

        Fails with :class:`~speql_sql.SpeqlError`, whose message has the problem, and the repair if there is one.
        """
        if sql is None:
            return self._view(self._run(None))
        last: AnswerView | None = None
        for view in self.submit_each(sql):
            last = view
        if last is None:
            raise SpeqlError("There is no SQL statement in this text.")
        return last

    def submit_each(self, sql: str) -> Iterator[AnswerView]:
        """Run the statements of a text, each when its result is asked for."""
        for statement in split_statements(sql):
            yield self._view(self._run(statement.text))

    def submitting(self, sql: str | None = None) -> Pending[AnswerView]:
        """As `submit` of one statement, without waiting: for coroutines."""
        self._lease.connected.catch_up()
        return Pending(self._lease.background.start(self._submitted(sql)))

    def table(self, name: str) -> pa.Table:
        """All rows of a result that a preview has named."""
        return self._lease.run(self._typing.document.results.whole(name))

    def close(self) -> None:
        """Stop what runs, drop the temp tables; the database is closed with the last session on it. May be repeated."""
        self._lease.close()

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _run(self, sql: str | None) -> Ran:
        self._lease.connected.catch_up()
        return self._lease.run(self._typing.submit(sql))

    async def _submitted(self, sql: str | None) -> AnswerView:
        return self._view(await self._typing.submit(sql))

    def _view(self, ran: Ran) -> AnswerView:
        if ran.preview.outcome != "rows":
            raise error_of(ran)
        return AnswerView(ran)


async def _typing(lease: Lease) -> "_Typing":
    typing = _Typing(lease)
    lease.closes(typing)
    return typing


class _Typing(Closes):
    """The text on the loop."""

    def __init__(self, lease: Lease) -> None:
        self._lease = lease
        self._versions = itertools.count(1)
        self._edited: Edited | None = None
        self._newest: Preview | None = None
        self._answer: Answer | None = None
        self._waiting: list[Callable[[Preview], None]] = []
        # Nobody watches jobs and diagnostics here.
        outlets = Outlets(
            preview=self._heard, jobs=lambda _: None, diagnostics=lambda _, __: None, answered=self._answered
        )
        self.document: DocumentSession = lease.connected.session(outlets)

    def changed(self, text: str, cursor: int | None) -> None:
        """The text is another one."""
        place = len(text) if cursor is None else min(max(cursor, 0), len(text))
        snapshot = Snapshot(_URI, next(self._versions), text, place)
        self._edited = Edited(snapshot, self._lease.connected.clock.now())
        self.document.changed(self._edited)

    async def preview(self, exact: bool) -> AnswerView:
        """The first preview of the newest text."""
        edited = self._edited
        if edited is None:
            raise SpeqlError("Nothing was typed yet.", "Call session.type(text) first.")
        found: asyncio.Future[Preview] = asyncio.get_running_loop().create_future()

        def take(preview: Preview) -> None:
            if not found.done() and preview.version == edited.snapshot.version and (not exact or _is_exact(preview)):
                found.set_result(preview)

        if self._newest is not None:
            take(self._newest)
        self._waiting.append(take)
        idle = asyncio.ensure_future(self.document.idle())
        try:
            either: set[asyncio.Future[Any]] = {found, idle}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not found.done():
                raise SpeqlError("There is no preview of this text.", "Type on, or submit it.")
            preview = found.result()
        finally:
            self._waiting.remove(take)
            idle.cancel()
            await asyncio.gather(idle, return_exceptions=True)
        ran = self._ran(edited.snapshot.text, preview, self._answer)
        if preview.outcome != "rows":
            raise error_of(ran)
        return AnswerView(ran)

    async def submit(self, sql: str | None) -> Ran:
        """Run the statement at the cursor, or this one; the next one is then likely to be like it."""
        edited = self._edited
        if sql is not None:
            snapshot = Snapshot(_URI, next(self._versions), sql, len(sql))
            edited = Edited(snapshot, self._lease.connected.clock.now())
        if edited is None:
            raise SpeqlError("Nothing was typed yet.", "Call session.type(text) first, or submit(sql).")
        edited = replace(edited, at=self._lease.connected.clock.now())
        preview, answer = await self.document.submit_with_answer(edited)
        if preview.outcome == "rows" and sql is not None:
            self._edited = edited
            self.document.changed(edited)
        return self._ran(edited.snapshot.text, preview, answer)

    async def aclose(self) -> None:
        """Stop what runs, and drop the temp tables that nobody else uses."""
        await self.document.close()

    def _heard(self, preview: Preview) -> None:
        self._newest = preview
        for take in tuple(self._waiting):
            take(preview)

    def _answered(self, answer: Answer) -> None:
        self._answer = answer

    def _ran(self, statement: str, preview: Preview, answer: Answer | None) -> Ran:
        name, lease, document = preview.result, self._lease, self.document
        if answer is not None and answer.result.complete and preview.complete:
            rows = answer.result.rows.rename_columns([column.name for column in answer.result.columns])
            return Ran(statement, preview, lease.label, lambda: rows)
        if not name:
            return Ran(statement, preview, lease.label)
        return Ran(statement, preview, lease.label, lambda: lease.run(document.results.whole(name)))


def _is_exact(preview: Preview) -> bool:
    """Whether it is of all rows; one that failed says that there is none to come."""
    return preview.outcome != "rows" or not {"sample", "stale"} & set(preview.states)
