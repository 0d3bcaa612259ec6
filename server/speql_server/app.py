"""The language server: one client, its documents and its connection."""

import asyncio
import importlib
import logging
import time
from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, TypeVar

from lsprotocol import types
from lsprotocol.converters import get_converter
from pygls.exceptions import JsonRpcContentModified, JsonRpcException, JsonRpcInternalError
from pygls.lsp.server import LanguageServer

from speql_server import protocol
from speql_server.abilities import Abilities
from speql_server.clock import Clock
from speql_server.dbt_project import DbtProjects
from speql_server.documents import Documents, Edited
from speql_server.features import register_features
from speql_server.latest_only import LatestOnly
from speql_server.loop_monitor import LoopMonitor
from speql_server.lsp_protocol import RequestRefusedError, SpeqlLanguageServerProtocol
from speql_server.notebooks import Notebooks
from speql_server.pauses import keep_what_is_there
from speql_server.positions import Encoding
from speql_server.pulled_diagnostics import PulledDiagnostics
from speql_server.settings import ServerSettings
from speql_server.work_done import WorkDone
from speql_speculator.embedding.may_create import may_create
from speql_speculator.snapshot import Snapshot
from speql_sql import Catalog, Problem, SpeqlError

if TYPE_CHECKING:
    # These import DuckDB, Arrow, sqlglot and networkx: a second in which `initialize` would not be answered.
    from speql_engines import Engine
    from speql_server.analysis import Analysis
    from speql_server.connection import Connection
    from speql_server.language_model.room import LanguageModel
    from speql_server.session import Executors, Session

T = TypeVar("T")

logger = logging.getLogger(__name__)

NOTEBOOKS = types.NotebookDocumentSyncOptions(
    notebook_selector=[
        types.NotebookDocumentFilterWithNotebook(
            notebook=types.NotebookDocumentFilterNotebookType(notebook_type=kind),
            cells=[types.NotebookCellLanguage(language="sql"), types.NotebookCellLanguage(language="python")],
        )
        for kind in ("jupyter-notebook", "interactive")
    ],
    save=True,
)
"""The notebooks that are read, and which of their cells."""

LATER_CELLS_SECONDS = 0.3
"""How long a cell must rest before those after it are looked at again for what it makes."""


def create_server(
    settings: ServerSettings | None = None,
    *,
    open_engine: "Callable[[ServerSettings], Coroutine[Any, Any, Engine]] | None" = None,
    clock: Clock | None = None,
) -> "SpeqlServer":
    """A server for one client. ``open_engine`` opens the engine that the settings name; without it, the real one."""
    server = SpeqlServer(settings or ServerSettings(), open_engine, clock or Clock())
    register_features(server)
    return server


class SpeqlServer(LanguageServer):
    """The server's state. Everything in it is owned by the event loop, so there are no locks.

    Its life: `initialize` is answered at once; on `initialized` the rooms below are imported and the database is
    opened, in the background; then each open document gets a session. Edits that come before that are kept as the
    document's newest snapshot; requests wait.
    """

    def __init__(
        self,
        settings: ServerSettings,
        open_engine: "Callable[[ServerSettings], Coroutine[Any, Any, Engine]] | None",
        clock: Clock,
    ) -> None:
        super().__init__(
            "speql",
            version("speql"),
            protocol_cls=SpeqlLanguageServerProtocol,
            converter_factory=get_converter,
            max_workers=1,
            notebook_document_sync=NOTEBOOKS,
        )
        self.settings = settings
        self.encoding: Encoding = "utf-16"
        self.abilities = Abilities()
        self.clock = clock
        self.documents = Documents()
        self.notebooks = Notebooks()
        self.diagnostics = PulledDiagnostics(self._refresh_diagnostics)
        self.work_done = WorkDone(self)
        self._later_cells: LatestOnly[tuple[str, ...]] = LatestOnly("later cells", sleep=clock.sleep)
        self._open_engine = open_engine
        self._threads: dict[str, ThreadPoolExecutor] = {}
        self._executors: Executors | None = None
        self._connection: Connection | None = None
        self._sessions: dict[str, Session] = {}
        self._opening: asyncio.Task[None] | None = None
        self._closing: asyncio.Task[None] | None = None
        self._status: protocol.Status | None = None
        self._makers: set[str] = set()
        self._dbt_projects = DbtProjects()
        self._relating: set[asyncio.Task[None]] = set()
        self._language_model: LanguageModel | None = None
        self.paused = False
        """Whether the user has stopped speculation."""
        self._monitor: LoopMonitor | None = None

    @property
    def messages(self) -> SpeqlLanguageServerProtocol:
        """What reads and writes the client's messages."""
        spoken = self.protocol
        assert isinstance(spoken, SpeqlLanguageServerProtocol), "it was given when this was made"
        return spoken

    def start(self) -> None:
        """Import the rooms below and open the connection, in the background."""
        if self._opening is None and self._closing is None:
            self._opening = asyncio.get_running_loop().create_task(self._start(), name="opening the connection")
            self._opening.add_done_callback(self._started)

    async def ready(self) -> "tuple[Connection, Executors]":
        """Wait until the connection is open."""
        self.start()
        if self._opening is not None:
            await asyncio.shield(self._opening)
        if self._connection is None or self._executors is None:
            raise SpeqlError("The server is closed.", "Start it again.")
        return self._connection, self._executors

    def changed(self, edited: Edited) -> None:
        """A document is new, or has a new text or cursor."""
        uri, projection = edited.snapshot.uri, edited.snapshot.projection
        if projection is not None and not projection.regions and uri not in self._sessions:
            return  # most Python documents hold no SQL, and cost nothing more than having been looked at
        if (later := self.notebooks.later(uri)) and self._makes(edited.snapshot):
            self._later_cells.submit(partial(_value, later), self.look_again, quiet_seconds=LATER_CELLS_SECONDS)
        if self.documents.is_template(uri):
            self._relate(uri)
        session = self._session(uri)
        if session is not None:
            session.changed(edited)

    def look_again(self, uris: Iterable[str]) -> None:
        """What these documents may name is perhaps not what it was: those that are worked on are analysed again."""
        for uri in uris:
            edited, session = self.documents.get(uri), self._sessions.get(uri)
            if edited is not None and session is not None:
                session.changed(edited)

    async def catalog(self, uri: str) -> Catalog:
        """What the SQL of a document may name: the engine's tables, and what the cells before it would make."""
        connection, executors = await self.ready()
        catalog = await connection.catalog()
        edited = (self.documents.get(earlier) for earlier in self.notebooks.earlier(uri))
        earlier = tuple(one.snapshot for one in edited if one is not None)
        if not earlier:
            return catalog
        from speql_server.earlier_cells import with_earlier_cells

        return await asyncio.get_running_loop().run_in_executor(
            executors.analysis, with_earlier_cells, catalog, earlier
        )

    def run_together(self, uri: str) -> tuple[tuple[Snapshot, ...], int]:
        """The texts of which each sees what those before it make, and the number of a document's among them.

        Those of the cells of its notebook as they are now, or its own alone; none if it is not open.
        """
        cells = (*self.notebooks.earlier(uri), uri, *self.notebooks.later(uri))
        edited = [one for cell in cells if (one := self.documents.get(cell)) is not None]
        texts = tuple(one.snapshot for one in edited)
        return texts, next((number for number, one in enumerate(texts) if one.uri == uri), 0)

    def _relate(self, uri: str) -> None:
        """Look for what ``ref`` and ``source`` mean in a document, in a thread: a manifest may be large."""
        task = asyncio.get_running_loop().create_task(self._read_relations(uri), name="reading dbt's manifest")
        self._relating.add(task)
        task.add_done_callback(self._relating.discard)

    async def _read_relations(self, uri: str) -> None:
        try:
            _, executors = await self.ready()
        except SpeqlError:
            return  # the user has been told, and without a connection no name means anything
        loop = asyncio.get_running_loop()
        relations = await loop.run_in_executor(
            executors.replies, self._dbt_projects.relations, uri, self.settings.workspace
        )
        edited = self.documents.relate(uri, relations, self.clock.now())
        if edited is not None:
            self.changed(edited)

    def _makes(self, snapshot: Snapshot) -> bool:
        """Whether a cell makes something for later ones, or did so before it was changed."""
        makes, made = may_create(snapshot), snapshot.uri in self._makers
        (self._makers.add if makes else self._makers.discard)(snapshot.uri)
        return makes or made

    async def session(self, uri: str) -> "tuple[Session, Edited] | None":
        """The session of an open document and its newest snapshot; None if it is not open."""
        await self.ready()
        edited, session = self.documents.get(uri), self._session(uri)
        return (session, edited) if session is not None and edited is not None else None

    def sessions(self, uri: str | None = None) -> "list[Session]":
        """The session of one document, or all of them."""
        return [session for key, session in self._sessions.items() if uri is None or key == uri]

    def pause(self, paused: bool) -> None:
        """Stop speculating in all documents, or go on."""
        self.paused = paused
        for session in self._sessions.values():
            session.pause(paused)
        if not paused:
            self._look_again()
        self._send_status()

    def monitor(self) -> LoopMonitor:
        """What measures the event loop, from the first time that it is asked for."""
        if self._monitor is None:
            self._monitor = LoopMonitor(asyncio.get_running_loop())
        return self._monitor

    def statements(self) -> list[dict[str, Any]]:
        """The statements that the engine has not finished, for measurements; none where it does not say."""
        running = getattr(self._connection.engine, "running", ()) if self._connection is not None else ()
        now = time.perf_counter()
        return [{"id": one.id, "kind": one.kind, "milliseconds": (now - one.began) * 1000} for one in running]

    def temp_tables(self) -> int:
        """How many temp tables there are."""
        return len(self._connection.store.views) if self._connection is not None else 0

    async def closed(self, uri: str) -> None:
        """A document was closed: stop its work and take its diagnostics back."""
        self.documents.remove(uri)
        session = self._sessions.pop(uri, None)
        self.diagnostics.drop(uri)
        if not self.abilities.pulls_diagnostics:
            self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri=uri, diagnostics=[]))
        if session is not None:
            await session.close()
            self._send_status()

    async def close(self) -> None:
        """Stop all work, close the engine and end the threads. Safe to call twice, also at the same time."""
        if self._closing is None:
            self._closing = asyncio.get_running_loop().create_task(self._close(), name="closing")
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        if self._monitor is not None:
            self._monitor.close()
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.gather(self._opening, return_exceptions=True)
        self.diagnostics.close()
        await self._later_cells.close()
        for task in self._relating:
            task.cancel()
        await asyncio.gather(*self._relating, return_exceptions=True)
        sessions, self._sessions = list(self._sessions.values()), {}
        await asyncio.gather(*(session.close() for session in sessions))
        language_model, self._language_model = self._language_model, None
        if language_model is not None:
            await language_model.close()
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()
        for thread in self._threads.values():
            thread.shutdown(wait=True, cancel_futures=True)
        self._threads = {}

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Log an error of the machinery below; a popup in the editor would tell the user nothing useful."""
        if isinstance(error, (RequestRefusedError, JsonRpcContentModified)):
            return
        # The words of an unforeseen error may be those of a query or of a row.
        said = error if isinstance(error, JsonRpcException) and not isinstance(error, JsonRpcInternalError) else ""
        logger.error("%s: %s %s", getattr(source, "__name__", source), type(error).__name__, said)

    async def _start(self) -> None:
        self._send_status(protocol.Connection(state="opening", label=self.settings.database or "in memory"))
        # The threads are made here and not before: a server that is only asked to initialize needs none.
        self._threads = {name: ThreadPoolExecutor(1, f"speql-{name}") for name in ("analysis", "replies")}
        loop = asyncio.get_running_loop()
        rooms = await loop.run_in_executor(self._threads["analysis"], _import_rooms)
        self._executors = rooms.Executors(**self._threads)
        graphs = loop.run_in_executor(self._threads["replies"], _import_graphs)
        self._connection = await rooms.open_connection(
            self.settings, self._open_engine or rooms.open_engine_of, rooms.SchedulerSettings(), self.work_done.run
        )
        await graphs
        keep_what_is_there()
        if self._connection.failure:
            self.show(self._connection.failure, types.MessageType.Error)
        self._language_model = self._consented(self._connection)
        self._send_status()
        for edited in self.documents:
            self.changed(edited)

    def _consented(self, connection: "Connection") -> "LanguageModel | None":
        """The language model, if the user has switched it on for this connection."""
        settings, label = self.settings.language_model, connection.engine.info.label
        if not settings.enabled or (settings.connections and label not in settings.connections):
            return None
        from speql_server.language_model.room import LanguageModel

        found = LanguageModel(settings, label, self.clock, self._send_status)
        found.start()
        if settings.embedding_model and found.endpoint is not None:
            from speql_server.language_model.endpoint_embedding import endpoint_embedding

            connection.predictor.embed_with(endpoint_embedding(found, connection.engine.info.dialect))
        return found

    def _started(self, opening: asyncio.Task[None]) -> None:
        if opening.cancelled() or (error := opening.exception()) is None:
            return
        logger.error("The connection could not be opened", exc_info=error)
        self._send_status(protocol.Connection(state="failed", label=self.settings.database or "", message=str(error)))
        self.show(f"SpeQL could not start: {error}", types.MessageType.Error)

    def show(self, message: str, kind: types.MessageType = types.MessageType.Info) -> None:
        """Show a message in the editor."""
        self.window_show_message(types.ShowMessageParams(type=kind, message=message))

    def send(self, method: str, message: protocol.Wire) -> None:
        """Send one of our own notifications."""
        self.messages.send_wire(method, message)

    def _session(self, uri: str) -> "Session | None":
        """The session of a document, made when first asked for; None while there is no connection."""
        if self._connection is None or self._executors is None or self.documents.get(uri) is None:
            return None
        if uri not in self._sessions:
            from speql_server.session import Outlets, Session

            self._sessions[uri] = Session(
                self._connection,
                self._executors,
                self.settings,
                self.clock,
                self.encoding,
                Outlets(
                    preview=lambda message: self.send(protocol.PREVIEW, message),
                    jobs=self._send_jobs,
                    diagnostics=self._send_diagnostics,
                    wrote=self._look_again,
                    learnt=self._refresh_hints,
                ),
                self._language_model,
                partial(self.catalog, uri),
            )
            self._sessions[uri].pause(self.paused)
        return self._sessions[uri]

    def _look_again(self) -> None:
        for edited in self.documents:
            self.changed(edited)
        self._refresh_hints()

    def _refresh_hints(self) -> None:
        """Have the editor ask again for what is shown beside texts."""
        if self.abilities.refreshes_hints and self.settings.inlay_hints != "off":
            self.workspace_inlay_hint_refresh(None)
        if self.abilities.refreshes_lenses and self.settings.code_lens:
            self.workspace_code_lens_refresh(None)

    def _send_jobs(self, message: protocol.Jobs) -> None:
        self.send(protocol.JOBS, message)
        self._send_status()

    def _send_diagnostics(self, analysis: "Analysis", problems: tuple[Problem, ...]) -> None:
        from speql_server.to_lsp import diagnostic

        uri, version, dialect = analysis.snapshot.uri, analysis.snapshot.version, analysis.catalog.dialect
        if self.documents.get(uri) is None:
            return  # closed meanwhile
        shown = [
            diagnostic(problem, analysis.lines, self.encoding, uri, self.abilities, dialect) for problem in problems
        ]
        self.diagnostics.put(uri, version, shown)
        if not self.abilities.pulls_diagnostics:
            self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, shown, version))

    def _refresh_diagnostics(self) -> None:
        """Have the editor ask again for diagnostics: there are others than it was told, without an edit."""
        if self.abilities.pulls_diagnostics and self.abilities.refreshes_diagnostics:
            self.workspace_diagnostic_refresh(None)

    def _send_status(self, connection: protocol.Connection | None = None) -> None:
        """Send the status if it is not what was sent last."""
        if connection is None and self._connection is not None:
            connection = self._connection.message()
        if connection is None:
            return
        status = protocol.Status(
            connection=connection,
            speculation=self._speculation(),
            budget=self._budget(),
            language_model=self._language_model.status()
            if self._language_model
            else protocol.LanguageModel(state="off"),
        )
        if status != self._status:
            self._status = status
            self.send(protocol.STATUS, status)

    def _speculation(self) -> protocol.Speculation:
        if not self.settings.speculate:
            return protocol.Speculation(state="off", reason="Switched off by the settings.")
        if self._connection is None:
            return protocol.Speculation(state="paused", reason="The connection is not open yet.")
        if self.paused:
            return protocol.Speculation(state="paused", reason="Paused by you: speql.pause goes on.")
        running = any(session.working for session in self._sessions.values())
        return protocol.Speculation(state="running" if running else "idle")

    def _budget(self) -> protocol.Budget:
        return self._connection.budget() if self._connection is not None else protocol.Budget()


async def _value(value: T) -> T:
    return value


def _import_graphs() -> None:
    """Import what the first document's job graph needs: on the event loop it would take a tenth of a second."""
    importlib.import_module("networkx")


def _import_rooms() -> Any:
    """Import everything that a session needs; in a thread, after `initialize` is answered."""
    from speql_server import rooms

    return rooms
