"""The language server: one client, its documents and its connection."""

import asyncio
import importlib
import logging
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from lsprotocol.converters import get_converter
from pygls.exceptions import JsonRpcContentModified, JsonRpcException, JsonRpcInternalError
from pygls.lsp.server import LanguageServer

from speql_server import protocol
from speql_server.background import Background
from speql_server.client_configuration import ClientConfiguration
from speql_server.clock import Clock
from speql_server.completion_offers import CompletionOffers
from speql_server.connecting.connections import Connections, Entry, Opened
from speql_server.connecting.document_connections import DocumentConnections
from speql_server.connecting.opening import OpenEngine, Opening
from speql_server.connecting.profile import ConnectionProfile
from speql_server.connecting.sources import ConnectionSources
from speql_server.connecting.unknown_connections import UnknownConnections
from speql_server.dbt_project import DbtProjects
from speql_server.documents import Documents, Edited
from speql_server.features import register_features
from speql_server.later_cells import LaterCells
from speql_server.leaving_sessions import LeavingSessions
from speql_server.loop_monitor import LoopMonitor
from speql_server.lsp.abilities import Abilities
from speql_server.lsp.positions import Encoding
from speql_server.lsp.pulled_diagnostics import PulledDiagnostics
from speql_server.lsp.work_done import WorkDone
from speql_server.notebooks import Notebooks
from speql_server.pauses import keep_what_is_there
from speql_server.precedence import YieldingThread
from speql_server.settings import ServerSettings, SettingsError
from speql_server.status import connection_message, speculation, status
from speql_server.wire.lsp_protocol import RequestRefusedError, SpeqlLanguageServerProtocol
from speql_server.workspaces import Workspaces
from speql_speculator.snapshot import Snapshot
from speql_sql import Catalog, Problem, SpeqlError
from speql_sql.database_names import without_password

if TYPE_CHECKING:
    # These import DuckDB, Arrow, sqlglot and networkx: a second in which `initialize` would not be answered.
    from speql_server.analysis import Analysis
    from speql_server.completer import Completer, EarlyCompleter
    from speql_server.connecting.connection import Connection
    from speql_server.executors import Executors
    from speql_server.session import Session
    from speql_speculator.completing.proposal import Proposal

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


def create_server(
    settings: ServerSettings | None = None,
    *,
    open_engine: OpenEngine | None = None,
    clock: Clock | None = None,
    lent: "Connection | None" = None,
) -> "SpeqlServer":
    """A server for one client. ``open_engine`` opens the engine that a profile describes; without it, the real one.

    ``lent`` is a connection of this process that all documents have, and that stays open when the server closes.
    """
    server = SpeqlServer(settings or ServerSettings(), open_engine, clock or Clock(), lent)
    register_features(server)
    return server


class SpeqlServer(LanguageServer):
    """The server's state. Everything in it is owned by the event loop, so there are no locks.

    Its life: `initialize` is answered at once; on `initialized` the rooms below are imported, the client is asked for
    its configuration and the database is opened, in the background; then each open document gets a session. Edits that
    come before that are kept as the document's newest snapshot; requests wait. A document whose settings or connection
    become others gets another session.
    """

    def __init__(
        self,
        settings: ServerSettings,
        open_engine: OpenEngine | None,
        clock: Clock,
        lent: "Connection | None" = None,
    ) -> None:
        super().__init__(
            "speql",
            version("speql"),
            protocol_cls=SpeqlLanguageServerProtocol,
            converter_factory=get_converter,
            max_workers=1,
            notebook_document_sync=NOTEBOOKS,
        )
        self.workspaces = Workspaces(settings)
        self.configuration = ClientConfiguration(self)
        self.encoding: Encoding = "utf-16"
        self.abilities = Abilities()
        self.clock = clock
        self.documents = Documents()
        self.notebooks = Notebooks()
        self.diagnostics = PulledDiagnostics(self._refresh_diagnostics)
        self.work_done = WorkDone(self)
        self._later_cells = LaterCells(self.look_again, clock.sleep)
        self._threads: dict[str, ThreadPoolExecutor] = {}
        self._executors: Executors | None = None
        self.background = Background()
        self._openings = Opening(
            open_engine, clock, self.background, self.show, self.send_status, self.work_done.run, lent
        )
        self.connections = Connections(self._open, self._opened, self.background.finished, clock.sleep)
        self.document_connections = DocumentConnections(self.workspaces, self.documents, self.notebooks)
        self._sessions: dict[str, Session] = {}
        self.leaving = LeavingSessions(self.background.finish)
        self._early_offers = CompletionOffers()
        self._opening: asyncio.Task[None] | None = None
        self._graphs: asyncio.Future[None] | None = None
        self._closing: asyncio.Task[None] | None = None
        self._status: protocol.Status | None = None
        self.dbt_projects = DbtProjects()
        self.connection_sources = ConnectionSources(
            self.workspaces,
            lambda: self._threads.get("replies"),
            self.connections.leave_failed,
            self.settings_changed,
            self.tell,
        )
        self._unknown = UnknownConnections(partial(self.show, kind=types.MessageType.Warning), clock.sleep)
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

    async def ready(self) -> "Executors":
        """Wait until documents can be worked on."""
        self.start()
        if self._opening is not None:
            await asyncio.shield(self._opening)
        if self._executors is None:
            raise SpeqlError("The server is closed.", "Start it again.")
        return self._executors

    async def connection(self, uri: str) -> "Connection | None":
        """The connection of an open document, once it is open; None if the document is not."""
        await self.ready()
        while (edited := self.documents.get(uri)) is not None:
            entry = self.connections.use(uri, self.document_connections.profile(edited))
            if entry.opened is None and entry.opening is not None:
                await asyncio.wait({entry.opening})
            if entry.opened is not None:
                return entry.opened.connection
            if self.connections.of(uri) is entry:
                raise SpeqlError(entry.failure or "The server is closed.", "See the log of the server.")
        return None

    @property
    def settings(self) -> ServerSettings:
        """The settings of what belongs to no document."""
        return self.workspaces.settings

    def changed(self, edited: Edited) -> None:
        """A document is new, or has a new text or cursor."""
        uri, projection = edited.snapshot.uri, edited.snapshot.projection
        if projection is not None and not projection.regions and uri not in self._sessions:
            return  # most Python documents hold no SQL, and cost nothing more than having been looked at
        if later := self.notebooks.later(uri):
            self._later_cells.changed(edited.snapshot, later)
        if self.documents.is_template(uri):
            self._relate(uri)
        session = self._session(uri)
        if session is not None:
            session.changed(edited)
            self._unknown.look(self.document_connections.described(uri).problem)

    def look_again(self, uris: Iterable[str]) -> None:
        """What these documents may name is perhaps not what it was: those that are worked on are analysed again."""
        for uri in uris:
            edited, session = self.documents.get(uri), self._sessions.get(uri)
            if edited is not None and session is not None:
                session.changed(edited)

    async def catalog(self, uri: str) -> Catalog:
        """What the SQL of a document may name: the engine's tables, and what the cells before it would make."""
        executors, connection = await self.ready(), await self.connection(uri)
        if connection is None:
            return Catalog()
        catalog = await connection.catalog()
        earlier = self._earlier(uri)
        if not earlier:
            return catalog
        from speql_server.earlier_cells import with_earlier_cells

        return await asyncio.get_running_loop().run_in_executor(
            executors.analysis, with_earlier_cells, catalog, earlier
        )

    def _earlier(self, uri: str) -> tuple[Snapshot, ...]:
        """The texts of the cells before one."""
        edited = (self.documents.get(earlier) for earlier in self.notebooks.earlier(uri))
        return tuple(one.snapshot for one in edited if one is not None)

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
        self.background.spawn(self._read_relations(uri), "reading dbt's manifest")

    async def _read_relations(self, uri: str) -> None:
        try:
            executors = await self.ready()
        except SpeqlError:
            return  # the user has been told, and without a connection no name means anything
        loop = asyncio.get_running_loop()
        folder = self.workspaces.folder_of(uri)
        relations = await loop.run_in_executor(executors.replies, self.dbt_projects.relations, uri, folder)
        edited = self.documents.relate(uri, relations, self.clock.now())
        if edited is not None:
            self.changed(edited)

    def data_changed(self) -> None:
        """Files that are tables have come or gone: what is shown of all documents is perhaps not what it was."""
        self._look_again()
        self._refresh_hints()

    def settings_changed(self) -> None:
        """The settings, the folders or a project file are others: what they change is done now."""
        if self._executors is None:
            return  # nothing was done by them yet
        self.connections.keep(self.workspaces.profile(""))
        for entry in self.connections:
            if entry.opened is not None:
                self._openings.adapt(entry.opened, self.settings)
        self._look_again()
        self._refresh_hints(always=True)
        self.send_status()

    def tell(self, errors: Iterable[SettingsError]) -> None:
        """Show what is wrong in the settings. With the rest of them the server is of more use than without."""
        for error in errors:
            self.show(str(error), types.MessageType.Error)

    async def session(self, uri: str) -> "tuple[Session, Edited] | None":
        """The session of an open document and its newest snapshot; None if it is not open."""
        await self.connection(uri)
        edited, session = self.documents.get(uri), self._session(uri)
        return (session, edited) if session is not None and edited is not None else None

    async def completer(self, uri: str) -> "Completer | EarlyCompleter | None":
        """What completes in an open document: from what the last session has kept, while its database is being opened;
        None if it is not open.
        """
        executors, edited = await self.ready(), self.documents.get(uri)
        if edited is None:
            return None
        entry = self.connections.use(uri, self.document_connections.profile(edited))
        catalog = await self._openings.saved_catalog(entry, executors.replies)
        if catalog is None:
            found = await self.session(uri)
            return found[0].completer if found is not None else None
        from speql_server.completer import EarlyCompleter

        return EarlyCompleter(catalog, self._early_offers, self.encoding, executors.replies)

    def offered(self, number: int, index: int) -> "Proposal | None":
        """An item of a list of completions; None if that is too old."""
        offers = (self._early_offers, *(connection.offers for connection in self.connections.opened))
        return next((found for one in offers if (found := one.find(number, index)) is not None), None)

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
        self.send_status()

    def spending_changed(self, connection: "Connection") -> None:
        """Something else may be spent on a connection: its documents are looked at again, or nothing more is run."""
        uris = {uri for entry in self.connections if _is_of(entry, connection) for uri in entry.users}
        if not connection.speculates:
            for uri in uris & self._sessions.keys():
                self._sessions[uri].stop_speculating()
        self.look_again(uris)
        self.send_status()

    def monitor(self) -> LoopMonitor:
        """What measures the event loop, from the first time that it is asked for."""
        if self._monitor is None:
            self._monitor = LoopMonitor(asyncio.get_running_loop())
        return self._monitor

    async def closed(self, uri: str) -> None:
        """A document was closed: stop its work and take its diagnostics back."""
        self.documents.remove(uri)
        self.workspaces.forget(uri)
        self.document_connections.forget(uri)
        session = self._sessions.pop(uri, None)
        self.connections.release(uri)
        self.diagnostics.drop(uri)
        if not self.abilities.pulls_diagnostics:
            self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri=uri, diagnostics=[]))
        if session is not None:
            await session.close()
        await self.leaving.close(uri)
        self.send_status()

    async def close(self) -> None:
        """Stop all work, close the engines and end the threads. Safe to call twice, also at the same time."""
        if self._closing is None:
            self._executors = None
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
        await self._unknown.close()
        sessions, self._sessions = list(self._sessions.values()), {}
        await asyncio.gather(self.leaving.close(), *(session.close() for session in sessions))
        await self.background.close()
        await self.connections.close()
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
        self.send_status(
            protocol.Connection(state="opening", label=without_password(self.settings.database or "in memory"))
        )
        # The threads are made here and not before: a server that is only asked to initialize needs none.
        self._threads = {
            "analysis": YieldingThread("speql-analysis"),
            "replies": ThreadPoolExecutor(1, "speql-replies"),
        }
        loop = asyncio.get_running_loop()
        rooms, _ = await asyncio.gather(
            loop.run_in_executor(self._threads["analysis"], _import_rooms), self.configuration.begin()
        )
        self._executors = rooms.Executors(**self._threads)
        self._graphs = loop.run_in_executor(self._threads["replies"], _import_graphs)
        self.connections.keep(self.workspaces.profile(""))
        self.send_status()
        self._look_again()
        self.background.spawn(self.connection_sources.watch_own(), "watching the user's connections")

    async def _open(self, profile: ConnectionProfile) -> Opened:
        assert self._graphs is not None, "it was begun before"
        opened, _ = await asyncio.gather(
            self._openings.open(profile, self.settings, self._catalog_changed), asyncio.shield(self._graphs)
        )
        if opened.give_back is None:  # else there is more in this process than a server
            keep_what_is_there()
        return opened

    def _opened(self, entry: Entry) -> None:
        """A connection has been opened, could not be, or was closed: its documents are worked on."""
        if entry.failure:
            self.show(f"A connection could not be opened: {entry.failure}", types.MessageType.Error)
        if entry.opened is not None:
            self._openings.adapt(entry.opened, self.settings)  # the settings may have become others meanwhile
            self.background.spawn(self._ask_for_consent(entry, entry.opened.connection), "asking for consent")
        self.send_status()
        for uri in tuple(entry.users):
            edited = self.documents.get(uri)
            if edited is not None and self._executors is not None:
                self.changed(edited)

    async def _ask_for_consent(self, entry: Entry, connection: "Connection") -> None:
        """Ask what may be run ahead on an engine that charges, if nobody has said so."""
        from speql_server.connecting.consent_question import ask_for_consent

        chosen = await ask_for_consent(connection, self.window_show_message_request_async)
        if chosen is not None:
            if reason := connection.consent(chosen, entry.profile.speculation):
                self.show(reason, types.MessageType.Warning)
            self.spending_changed(connection)

    def _catalog_changed(self, connection: "Connection") -> None:
        self.send_status()
        if not connection.knows_all:
            return
        for entry in self.connections:
            if _is_of(entry, connection):
                self.look_again(tuple(entry.users))
        self._refresh_hints()

    def _started(self, opening: asyncio.Task[None]) -> None:
        if opening.cancelled() or (error := opening.exception()) is None:
            return
        logger.error("The server could not start", exc_info=error)
        self.send_status(
            protocol.Connection(
                state="failed", label=without_password(self.settings.database or ""), message=str(error)
            )
        )
        self.show(f"SpeQL could not start: {error}", types.MessageType.Error)

    def show(self, message: str, kind: types.MessageType = types.MessageType.Info) -> None:
        """Show a message in the editor."""
        self.window_show_message(types.ShowMessageParams(type=kind, message=message))

    def send(self, method: str, message: protocol.Wire) -> None:
        """Send one of our own notifications."""
        self.messages.send_wire(method, message)

    def _session(self, uri: str) -> "Session | None":
        """The session of a document, made when first asked for; None while its connection is not open."""
        edited = self.documents.get(uri)
        if self._executors is None or edited is None:
            return None
        opened = self.connections.use(uri, self.document_connections.profile(edited)).opened
        before = self._sessions.get(uri)
        if opened is not None:
            settings = self.workspaces.of(uri)
            made_of = (opened.connection, settings, opened.language_model, opened.connection.predictor)
            if before is not None and before.made_of == made_of:
                return before
            self._sessions[uri] = self._new_session(uri, opened, settings)
            self._sessions[uri].pause(self.paused)
        else:
            self._sessions.pop(uri, None)
        if before is not None:
            # After the new one has begun: what both of them want stays.
            if opened is not None and before.made_of[0] is opened.connection:
                self.leaving.leave(uri, before)
            else:
                self.background.finish(before.close(), "closing a session")
            self._refresh_hints()
        return self._sessions.get(uri)

    def _new_session(self, uri: str, opened: Opened, settings: ServerSettings) -> "Session":
        from speql_server.outlets import Outlets
        from speql_server.session import Session

        assert self._executors is not None, "they are there before any connection"
        return Session(
            opened.connection,
            self._executors,
            settings,
            self.clock,
            self.encoding,
            Outlets(
                preview=lambda message: self.send(protocol.PREVIEW, message),
                jobs=self._send_jobs,
                diagnostics=self._send_diagnostics,
                wrote=partial(self._wrote, opened.connection),
                learnt=self._refresh_hints,
            ),
            opened.language_model,
            partial(self.catalog, uri),
            partial(self._earlier, uri),
        )

    def _wrote(self, connection: "Connection") -> None:
        """What other documents of this connection show may be stale."""
        connection.written = True
        for entry in self.connections:
            if _is_of(entry, connection):
                self.look_again(tuple(entry.users))
        self._refresh_hints()

    def _look_again(self) -> None:
        for edited in self.documents:
            self.changed(edited)

    def _refresh_hints(self, *, always: bool = False) -> None:
        """Have the editor ask again for what is shown beside texts; ``always`` where nothing is shown any more, too."""
        shown = [self.workspaces.of(edited.snapshot.uri) for edited in self.documents]
        if self.abilities.refreshes_hints and (always or any(one.inlay_hints != "off" for one in shown)):
            self.workspace_inlay_hint_refresh(None)
        if self.abilities.refreshes_lenses and (always or any(one.code_lens for one in shown)):
            self.workspace_code_lens_refresh(None)

    def _send_jobs(self, message: protocol.Jobs) -> None:
        self.send(protocol.JOBS, message)
        self.send_status()

    def _send_diagnostics(self, analysis: "Analysis", problems: tuple[Problem, ...]) -> None:
        from speql_server.lsp.to_lsp import diagnostic

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

    def send_status(self, connection: protocol.Connection | None = None) -> None:
        """Send the status if it is not what was sent last."""
        primary = self.connections.primary
        if connection is None and primary is not None:
            connection = connection_message(primary)
        if connection is None:
            return
        documents = [self.document_connections.described(edited.snapshot.uri) for edited in self.documents]
        working = any(session.working for session in self._sessions.values())
        speculated = speculation(self.workspaces, primary, paused=self.paused, working=working)
        said = status(connection, self.connections, documents, speculated)
        if said != self._status:
            self._status = said
            self.send(protocol.STATUS, said)


def _is_of(entry: Entry, connection: "Connection") -> bool:
    return entry.opened is not None and entry.opened.connection is connection


def _import_graphs() -> None:
    """Import what the first document's job graph needs: on the event loop it would take a tenth of a second."""
    importlib.import_module("networkx")


def _import_rooms() -> Any:
    """Import everything that a session needs; in a thread, after `initialize` is answered."""
    from speql_server import rooms

    return rooms
