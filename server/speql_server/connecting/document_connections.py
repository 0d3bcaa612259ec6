"""Which connection each document has: by a comment in it, by the user's choice, by the settings."""

from typing import Literal

from speql_server import protocol
from speql_server.connecting.comment import connection_comment
from speql_server.connecting.profile import ConnectionProfile
from speql_server.documents import Documents, Edited
from speql_server.notebooks import Notebooks
from speql_server.workspaces import Workspaces


class DocumentConnections:
    """Reads the comments in the heads of documents. Owned by the event loop."""

    def __init__(self, workspaces: Workspaces, documents: Documents, notebooks: Notebooks) -> None:
        self._workspaces = workspaces
        self._documents = documents
        self._notebooks = notebooks
        self._comments: dict[str, tuple[str, str | None]] = {}

    def profile(self, edited: Edited) -> ConnectionProfile:
        """What the connection of a document is opened with."""
        return self._workspaces.profile(edited.snapshot.uri, self.comment(edited))

    def comment(self, edited: Edited) -> str | None:
        """The connection that the text names; of a cell that names none, what the nearest cell before it names."""
        uri = edited.snapshot.uri
        cells = (self._documents.get(earlier) for earlier in reversed(self._notebooks.earlier(uri)))
        texts = (edited, *(cell for cell in cells if cell is not None))
        return next((found for text in texts if (found := self._own(text)) is not None), None)

    def described(self, uri: str) -> protocol.DocumentConnection:
        """Which connection a document has, and why."""
        edited = self._documents.get(uri)
        comment = self.comment(edited) if edited is not None else None
        by: Literal["settings", "comment", "command"] = "settings"
        if comment is not None:
            by = "comment"
        elif self._workspaces.selected(uri):
            by = "command"
        name = self._workspaces.name(uri, comment)
        problem = ""
        if self._workspaces.profile(uri, comment).unknown:
            named = self._workspaces.of(uri).connections
            why = next((one.unavailable for one in named if one.name == name), "")
            known = ", ".join(one.name for one in named if not one.unavailable) or "none"
            problem = why or f"There is no connection {name}."
            problem += f" This document has an empty database. Known: {known}."
        return protocol.DocumentConnection(uri=uri, name=name, chosen_by=by, problem=problem)

    def forget(self, uri: str) -> None:
        """A document was closed."""
        self._comments.pop(uri, None)

    def _own(self, edited: Edited) -> str | None:
        uri, text = edited.snapshot.uri, edited.host.text
        known = self._comments.get(uri)
        if known is None or known[0] is not text:
            known = self._comments[uri] = text, connection_comment(text)
        return known[1]
