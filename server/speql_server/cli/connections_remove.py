"""`speql connections remove`."""

from speql_server.connecting.chosen_profile import known_connections
from speql_server.connecting.file import connection_file_path
from speql_server.connecting.file_edit import remove_connection, written_connections
from speql_server.connecting.keyring_entries import KeyringEntries, KeyringError, connection_entry
from speql_sql import SpeqlError


def remove_named(name: str) -> tuple[str, bool]:
    """Forget a connection of the user's file and its password; what to tell, and whether all of it is gone."""
    path = connection_file_path()
    written = written_connections(path).get(name)
    had_password = isinstance(written, dict) and written.get("keyring") is True
    if not remove_connection(path, name):
        known, _ = known_connections()
        elsewhere = any(one.name == name for one in known)
        where = f"{name} is described elsewhere, not in {path}" if elsewhere else f"There is no connection {name}"
        raise SpeqlError(f"{where}.", "See: speql connections list.")
    if had_password:
        try:
            KeyringEntries().remove(connection_entry(name))
        except KeyringError as error:
            return f"{name} is removed, but not its password: {error} Its entry is {connection_entry(name)}.", False
    return f"{name} is removed.", True
