"""The texts that the editor has open."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from speql_speculator.embedding.jinja import has_jinja
from speql_speculator.embedding.known_python import KnownPython
from speql_speculator.embedding.project import HostLanguage, project
from speql_speculator.embedding.relations import NO_RELATIONS, Relations
from speql_speculator.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Edited:
    """A snapshot of a document's SQL, when it arrived by the server's clock, and what it was ``read_from``: the
    document's own text, None where that is plain SQL.
    """

    snapshot: Snapshot
    at: float
    read_from: Snapshot | None = None

    @property
    def host(self) -> Snapshot:
        """The document's own text, as the editor has it."""
        return self.read_from or self.snapshot


@dataclass(frozen=True, slots=True)
class _Document:
    edited: Edited
    language: HostLanguage
    relations: Relations
    python: KnownPython


class Documents:
    """The newest snapshot of each open document. Owned by the event loop."""

    def __init__(self) -> None:
        self._documents: dict[str, _Document] = {}

    def put(self, host: Snapshot, at: float, language: HostLanguage | None = None) -> Edited:
        """Open a document, or replace its text; it stays in its language. Clients that open it twice are welcome."""
        known = self._documents.get(host.uri)
        language = language or (known.language if known is not None else "sql")
        return self._put(host, at, language, known.relations if known is not None else NO_RELATIONS)

    def relate(self, uri: str, relations: Relations, at: float) -> Edited | None:
        """The document with what ``ref`` and ``source`` mean in it; None if it is not open or that changes nothing."""
        known = self._documents.get(uri)
        if known is None or known.relations is relations:
            return None
        return self._put(known.edited.host, at, known.language, relations)

    def is_template(self, uri: str) -> bool:
        """Whether the document is a template, whose names dbt may know."""
        known = self._documents.get(uri)
        projection = known.edited.snapshot.projection if known is not None else None
        return projection is not None and known is not None and known.language == "sql" and has_jinja(projection.host)

    def move_cursor(self, uri: str, cursor: int, at: float) -> Edited | None:
        """The document with its cursor elsewhere in its SQL, or None if it is not open or nothing has changed."""
        known = self._documents.get(uri)
        if known is None or known.edited.snapshot.cursor == cursor:
            return None
        snapshot = replace(known.edited.snapshot, cursor=cursor)
        edited = replace(known.edited, snapshot=snapshot, at=at)
        self._documents[uri] = replace(known, edited=edited)
        return edited

    def remove(self, uri: str) -> None:
        """Close a document."""
        self._documents.pop(uri, None)

    def get(self, uri: str) -> Edited | None:
        """The document, or None if it is not open."""
        known = self._documents.get(uri)
        return known.edited if known is not None else None

    def holds_no_sql(self, uri: str) -> bool:
        """Whether an open document is of another language and holds no SQL."""
        known = self._documents.get(uri)
        projection = known.edited.snapshot.projection if known is not None else None
        return projection is not None and not projection.regions

    def version(self, uri: str) -> int | None:
        """The number of a document's newest version; None if it is not open."""
        known = self._documents.get(uri)
        return known.edited.snapshot.version if known is not None else None

    def is_newest(self, snapshot: Snapshot) -> bool:
        """Whether a document's text is still that of this snapshot."""
        return self.version(snapshot.uri) == snapshot.version

    def __iter__(self) -> Iterator[Edited]:
        return iter([known.edited for known in self._documents.values()])

    def _put(self, host: Snapshot, at: float, language: HostLanguage, relations: Relations) -> Edited:
        known = self._documents.get(host.uri)
        python = known.python if known is not None else KnownPython()
        projection = project(host.text, language, relations, python)
        edited = Edited(host, at)
        if projection is not None:
            cursor = None if host.cursor is None else projection.nearest(host.cursor)
            edited = Edited(Snapshot(host.uri, host.version, projection.sql, cursor, projection), at, host)
        self._documents[host.uri] = _Document(edited, language, relations, python)
        return edited
