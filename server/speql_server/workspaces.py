"""The folders of the client, and which settings hold where."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any
from urllib.parse import unquote, urlsplit

from speql_server.connecting.named_connection import NamedConnection
from speql_server.connecting.path_pattern import fits
from speql_server.connecting.profile import ConnectionProfile
from speql_server.settings import ServerSettings, SettingsError, readable

_FILES = ("file", "vscode-notebook-cell")


@dataclass(frozen=True, slots=True)
class Root:
    """A workspace folder; ``path`` is None if it is not on this machine's disk."""

    uri: str
    path: Path | None


class Workspaces:
    """Puts together the settings of each document. Owned by the event loop; reads no file and asks nobody.

    What counts, the first first: the command line; the client's configuration, of the document, else of its folder,
    else of all; the ``initializationOptions``; the project file of the document's folder, which is the innermost that
    it is in; the user's own connections; what dbt's profiles name there. Relative paths in
    a configuration and in a project file start at the folder.

    While the client says that the user does not trust the folders, nothing in them counts or is read, nothing runs
    while typing, and no language model is asked.
    """

    def __init__(self, command_line: ServerSettings) -> None:
        self._command_line = command_line
        self._options: dict[str, Any] = {}
        self._roots: tuple[Root, ...] = ()
        self._projects: dict[str, dict[str, Any]] = {}
        self._dbt: dict[str, tuple[NamedConnection, ...]] = {}
        self._own: tuple[NamedConnection, ...] = ()
        self._trusted = True
        self._configured: dict[str, dict[str, Any]] = {}
        self._selected: dict[str, str] = {}
        self._known: dict[str, ServerSettings] = {}

    @property
    def roots(self) -> tuple[Root, ...]:
        """The client's folders."""
        return self._roots

    @property
    def trusted(self) -> bool:
        """Whether the user trusts the client's folders, as far as the client has told."""
        return self._trusted

    @property
    def settings(self) -> ServerSettings:
        """The settings of what belongs to no document."""
        return self.of("")

    def initialize(self, options: Any, roots: Iterable[Root]) -> tuple[SettingsError, ...]:
        """Take what the client said at the start; what of it cannot be read."""
        self._options, errors = readable(options)
        self._trusted = not (isinstance(options, Mapping) and options.get("trusted") is False)
        self._known.clear()
        self.open(roots)
        return errors

    def open(self, roots: Iterable[Root]) -> None:
        """The client's folders are these now."""
        self._roots = tuple(dict.fromkeys(roots))
        kept = {root.uri for root in self._roots}
        self._projects = {uri: options for uri, options in self._projects.items() if uri in kept}
        self._dbt = {uri: found for uri, found in self._dbt.items() if uri in kept}
        self._known.clear()

    def change_roots(self, added: Iterable[Root], removed: Iterable[str]) -> None:
        """Folders have come and gone."""
        gone = set(removed)
        self.open([*(root for root in self._roots if root.uri not in gone), *added])

    def use_project(self, root: Root, options: dict[str, Any]) -> bool:
        """The project file of a folder says this; whether that is new."""
        before = self._projects.get(root.uri, {})
        self._projects[root.uri] = options
        self._known.clear()
        return options != before

    def use_dbt(self, root: Root, connections: tuple[NamedConnection, ...]) -> bool:
        """These are the connections that dbt's profiles name for a folder; whether that is new."""
        before = self._dbt.get(root.uri, ())
        self._dbt[root.uri] = connections
        self._known.clear()
        return connections != before

    def use_own(self, connections: tuple[NamedConnection, ...]) -> bool:
        """These are the connections of the user's own files; whether that is new."""
        before, self._own = self._own, connections
        self._known.clear()
        return connections != before

    def configure(self, scope: str, options: Any) -> tuple[SettingsError, ...]:
        """The client's configuration of a document or folder, or of all (an empty scope); what cannot be read of it."""
        self._configured[scope], errors = readable(options)
        self._known.clear()
        return errors

    def configured(self, scope: str) -> bool:
        """Whether the client has told its configuration of this scope."""
        return scope in self._configured

    def forget(self, uri: str) -> None:
        """A document was closed."""
        self._configured.pop(uri, None)
        self._selected.pop(uri, None)
        self._known.pop(uri, None)

    def select(self, uri: str, name: str) -> None:
        """The user has chosen a connection for a document; an empty name goes back to what the settings say."""
        if name:
            self._selected[uri] = name
        else:
            self._selected.pop(uri, None)

    def of(self, uri: str) -> ServerSettings:
        """The settings of a document."""
        if uri not in self._known:
            self._known[uri] = self._put_together(uri)
        return self._known[uri]

    def root_of(self, uri: str) -> Root | None:
        """The innermost folder that a document is in; for what is in none the first, if there is one."""
        path = path_of(uri)
        inside = [root for root in self._roots if path is not None and root.path is not None and _in(path, root.path)]
        return max(inside, key=lambda root: len(str(root.path)), default=next(iter(self._roots), None))

    def folder_of(self, uri: str) -> Path | None:
        """The folder that a document's project is looked for in, beside those above it."""
        root = self.root_of(uri)
        return self.of(uri).workspace or (root.path if root is not None else None)

    def folders(self, settings: ServerSettings) -> tuple[Path, ...]:
        """The folders whose files may be read while typing: those of the client, and what the settings name."""
        named = [settings.workspace] if settings.workspace is not None else []
        if not self._trusted:
            return tuple(named)
        return tuple(dict.fromkeys([*named, *(root.path for root in self._roots if root.path is not None)]))

    def selected(self, uri: str) -> str:
        """The connection that the user has selected for a document, empty if none."""
        return self._selected.get(uri, "")

    def name(self, uri: str, comment: str | None = None) -> str:
        """The name of a document's connection; empty for the one without a name."""
        return comment or self._selected.get(uri) or self._by_pattern(uri, self.of(uri))

    def profile(self, uri: str, comment: str | None = None) -> ConnectionProfile:
        """What a document's connection is opened with. ``comment`` is the name in the document's head, if there is one.

        A comment counts first, then what the user has selected, then the setting ``connection``.
        """
        settings, name = self.of(uri), self.name(uri, comment)
        folders = self.folders(settings)
        if not name:
            return ConnectionProfile(
                "",
                settings.database,
                settings.writable,
                folders,
                settings.keep_catalog,
                settings.background_tables,
                dropped=settings.dropped,
                speculation=self.settings.speculation,
            )
        named = next((one for one in settings.connections if one.name == name), None)
        if named is None or named.unavailable:
            return ConnectionProfile("?", None, False, folders, unknown=True, dropped=settings.dropped)
        more = (named.workspace,) if named.workspace is not None else ()
        return ConnectionProfile(
            name,
            named.database,
            named.writable or self._command_line.opens_writable(name),
            tuple(dict.fromkeys((*more, *folders))),
            settings.keep_catalog,
            settings.background_tables,
            dropped=settings.dropped,
            secret=named.secret,
            speculation=self.settings.speculation if named.speculation is None else named.speculation,
        )

    def _by_pattern(self, uri: str, settings: ServerSettings) -> str:
        if not settings.connection:
            return ""
        path, root = path_of(uri), self.root_of(uri)
        below = _relative(path, root.path if root is not None else None)
        return next((name for pattern, name in settings.connection if any(fits(pattern, one) for one in below)), "")

    def _put_together(self, uri: str) -> ServerSettings:
        root = self.root_of(uri)
        folder = root.path if root is not None else None
        trusted = root if self._trusted else None
        project = self._projects.get(trusted.uri, {}) if trusted is not None else {}
        scopes = (uri, root.uri if root is not None else "", "")
        configured = next((self._configured[scope] for scope in scopes if scope in self._configured), {})
        merged = dict(_rooted(project, folder))
        for layer in (self._options, _rooted(configured, folder)):
            given = {name: value for name, value in layer.items() if value is not None and value != ""}
            if isinstance(given.get("connections"), Mapping) and isinstance(merged.get("connections"), Mapping):
                given["connections"] = {**merged["connections"], **given["connections"]}
            merged |= given
        if not self._trusted:
            merged |= {"speculate": False, "languageModel": {}}
        settings = self._command_line.with_options(merged)
        dbt = self._dbt.get(trusted.uri, ()) if trusted is not None else ()
        # By their names, the first first: what the settings say of a name counts.
        by_name: dict[str, NamedConnection] = {}
        for one in (*settings.connections, *self._own, *dbt):
            by_name.setdefault(one.name, one)
        return replace(settings, connections=tuple(by_name.values()))


def path_of(uri: str) -> Path | None:
    """The file that a document is; None if it is none, or not on this machine."""
    parts = urlsplit(uri)
    if parts.scheme not in _FILES or parts.netloc not in ("", "localhost"):
        return None
    path = unquote(parts.path)
    # file:///c:/x is C:\x; elsewhere no path begins so.
    return Path(path[1:] if len(path) > 2 and path[2] == ":" else path)


def root_of(uri: str) -> Root:
    """A workspace folder by its URI."""
    return Root(uri, path_of(uri))


def _in(path: Path, folder: Path) -> bool:
    return path.is_relative_to(folder)


def _relative(path: Path | None, folder: Path | None) -> Sequence[str]:
    """How patterns may spell a path: from its folder, and in full. A document without a file fits only ``**``."""
    if path is None:
        return [""]
    full = path.as_posix()
    return [path.relative_to(folder).as_posix(), full] if folder is not None and _in(path, folder) else [full]


def _rooted(options: Mapping[str, Any], folder: Path | None) -> dict[str, Any]:
    """Options whose relative paths start at a folder."""
    found = dict(options)
    if folder is None:
        return found
    for name in ("database", "workspace"):
        if isinstance(found.get(name), str) and found[name]:
            found[name] = _absolute(found[name], folder)
    if isinstance(found.get("connections"), Mapping):
        found["connections"] = {
            name: _rooted(one, folder) if isinstance(one, Mapping) else one
            for name, one in found["connections"].items()
        }
    return found


def _absolute(given: str, folder: Path) -> str:
    if given == ":memory:" or given.startswith("~") or "://" in given or given.lower().startswith("duckdb:"):
        return given
    return given if PurePath(given).is_absolute() else str(folder / given)
