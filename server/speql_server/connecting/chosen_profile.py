"""What a connection is opened with whose name was given to a command or a program."""

from dataclasses import replace
from pathlib import Path

from speql_engines.catalog_keeper import NEVER
from speql_server.connecting.dbt_profiles import dbt_connections
from speql_server.connecting.named_connection import NamedConnection, SettingsError
from speql_server.connecting.own_connections import OwnConnections
from speql_server.connecting.profile import ConnectionProfile
from speql_server.project_file import read_project_file
from speql_server.settings import ServerSettings
from speql_server.workspaces import Workspaces, root_of


def chosen_profile(name: str, folder: Path | None = None, *, writable: bool = False) -> ConnectionProfile:
    """The profile of a connection of the user's own files, or of what is in ``folder`` (default: the current one): its
    ``.speql.toml`` and dbt's profiles. Reads files.

    ``writable`` opens it for writing whatever its profile says. Raises `SettingsError` for a name that nothing
    describes, and for what cannot be opened, with the reason.
    """
    workspaces, errors = _workspaces(folder or Path.cwd())
    known = workspaces.settings.connections
    found = next((one for one in known if one.name == name), None)
    if found is None:
        names = ", ".join(one.name for one in known if not one.unavailable) or "none"
        wrong = "".join(f" {error}" for error in errors)
        raise SettingsError(f"There is no connection {name}.{wrong}", f"Known: {names}. See: speql connections list.")
    if found.unavailable:
        raise SettingsError(found.unavailable, "See: speql connections list.")
    profile = workspaces.profile("", name)
    # Nobody types there while a catalog is read: nothing is kept of it, and all of it is waited for.
    return replace(profile, writable=profile.writable or writable, keep_catalog=False, background_tables=NEVER)


def known_connections(folder: Path | None = None) -> tuple[tuple[NamedConnection, ...], tuple[SettingsError, ...]]:
    """All connections that `chosen_profile` finds by their names, and what is wrong in the files. Reads files."""
    workspaces, errors = _workspaces(folder or Path.cwd())
    return workspaces.settings.connections, errors


def _workspaces(folder: Path) -> tuple[Workspaces, tuple[SettingsError, ...]]:
    found, root = Workspaces(ServerSettings()), root_of(folder.absolute().as_uri())
    found.initialize(None, [root])
    owned = OwnConnections().read()
    found.use_own(owned.connections)
    options, errors = read_project_file(folder)
    found.use_project(root, options)
    targets, problems = dbt_connections(folder)
    found.use_dbt(root, targets)
    return found, (*owned.errors, *errors, *problems)
