"""``speql.Editor()``: an SQL editor with ghost text and the live preview panel, in the output of a cell."""

import asyncio
import contextlib
import logging
import threading
from typing import Any

import anywidget
import pyarrow as pa
import traitlets

from speql_notebook.answer_view import AnswerView
from speql_notebook.assets_folder import asset
from speql_notebook.connected import Database
from speql_notebook.databases import DATABASES, Lease
from speql_notebook.editor_page import EditorPage
from speql_notebook.frames import frame_of
from speql_notebook.notebook_connection import NOTEBOOK
from speql_notebook.session import Session

logger = logging.getLogger(__name__)

_ALIVE_SECONDS = 60.0
"""A view that does not answer for so long is gone, without having said so: its page was closed or loaded again."""


class Editor(anywidget.AnyWidget):
    """An SQL editor on the notebook's connection, or on another one that is given as `speql.connect` takes it.

    ``sql`` is the text, which may be set and observed; ``df`` is the result of the text as it stands, as a data frame
    of pandas or Polars (``frame`` says which); ``connection`` is what the database is called. Typing never waits for
    the kernel's other work, and the kernel never for it: the language server has a thread of its own.
    """

    _esm = asset("widget.js")
    sql = traitlets.Unicode("").tag(sync=True)
    connection = traitlets.Unicode("").tag(sync=True)
    height = traitlets.Unicode("420px").tag(sync=True)
    frame = traitlets.Enum(["pandas", "polars", "arrow"], None, allow_none=True)

    def __init__(
        self,
        sql: str = "",
        *,
        connection: "Database | Session" = None,
        writable: bool = False,
        frame: str | None = None,
        height: str = "420px",
    ) -> None:
        self._lease = _lease_of(connection, writable)
        self._released = False
        self._session: Session | None = None
        self._pages: dict[str, EditorPage] = {}
        self._answered: set[str] = set()
        super().__init__(sql=sql, connection=self._lease.label, frame=frame, height=height)
        self.on_msg(self._heard)

    @property
    def df(self) -> Any:
        """All rows of the statement as it stands, as a data frame. What was computed while it was typed is used.

        Fails with :class:`~speql_sql.SpeqlError` where the text is unfinished: the message has the repair.
        """
        return frame_of(self.arrow(), self.frame)

    def arrow(self) -> pa.Table:
        """The same as an Arrow table."""
        return self.result().arrow()

    def result(self) -> AnswerView:
        """The same with its result states, time, and where it was served from."""
        if self._session is None:
            self._session = Session(self._lease.share())
        return self._session.submit(self.sql)

    def close(self) -> None:
        """Take the widget away, with its language servers, its temp tables, and its hold on the database."""
        released, self._released = self._released, True
        if not released:
            self._pages.clear()
            _release(self._session, self._lease)
        super().close()

    def __del__(self) -> None:
        """Python calls this in the middle of anything, on any thread, and closing waits: so that is another's work."""
        if not getattr(self, "_released", True):
            self._released = True
            with contextlib.suppress(RuntimeError):  # the interpreter ends, and has closed all databases
                threading.Thread(target=_release, args=(self._session, self._lease), daemon=True).start()
        super().__del__()

    def _heard(self, _: object, message: Any, buffers: object) -> None:
        """A message of a view, on the kernel's thread: what takes time is done in another one."""
        del buffers
        kind, page = message.get("kind"), str(message.get("page"))
        if kind == "open":
            self._lease.background.soon(self._open, page)
        elif kind == "lsp":
            text = str(message.get("text"))
            if "speql.submit" in text or "textDocument/didChange" in text:
                self._lease.connected.catch_up()
            self._lease.background.soon(self._receive, page, text)
        elif kind == "close":
            self._lease.background.soon(self._shut, page)
        elif kind == "alive":
            self._answered.add(page)
        elif kind == "chart":
            self.send({"kind": "chart", "page": page}, [asset("chart.js").encode()])

    # What follows is called on the background loop.

    def _open(self, page: str) -> None:
        others = tuple(self._pages)
        self._shut(page)
        self._pages[page] = EditorPage(self._lease, lambda text: self._send_text(page, text))
        self._answered -= set(others)
        for other in others:
            self.send({"kind": "alive", "page": other})
        if others:
            asyncio.get_running_loop().call_later(_ALIVE_SECONDS, self._shut_silent, others)

    def _shut_silent(self, pages: tuple[str, ...]) -> None:
        for page in pages:
            if page not in self._answered:
                self._shut(page)

    def _shut(self, page: str) -> None:
        opened = self._pages.pop(page, None)
        if opened is not None:
            task = asyncio.get_running_loop().create_task(opened.aclose(), name="closing a widget's server")
            task.add_done_callback(_log_error)

    def _receive(self, page: str, text: str) -> None:
        opened = self._pages.get(page)
        if opened is not None:
            opened.receive(text)
        else:
            self.send({"kind": "lost", "page": page, "reason": ""})

    def _send_text(self, page: str, text: str) -> None:
        if page in self._pages:
            self.send({"kind": "lsp", "page": page, "text": text})


def _release(session: Session | None, lease: Lease) -> None:
    """Give a database back, with all that was made on it."""
    if session is not None:
        session.close()
    lease.close()


def _lease_of(connection: "Database | Session", writable: bool) -> Lease:
    """The database of an editor: the notebook's own where none is named."""
    if isinstance(connection, Session):
        return connection.lease.share()
    if connection is None:
        return NOTEBOOK.lease.share()
    return DATABASES.use(connection, writable=writable)


def _log_error(task: "asyncio.Task[None]") -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.error("A widget's server did not end as it should: %s", type(error).__name__)
