"""`speql connections add`."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from speql_engines.adapters import adapter_for, schemes
from speql_server.connecting.file import check_connection_name, connection_file_path
from speql_server.connecting.file_edit import write_connection, written_connections
from speql_server.connecting.keyring_entries import KeyringEntries, KeyringError, connection_entry
from speql_server.connecting.named_connection import secret_places
from speql_server.connecting.password import password_variable
from speql_sql import SpeqlError
from speql_sql.database_names import is_url
from speql_sql.secret import Secret


@dataclass(frozen=True, slots=True)
class AddedConnection:
    """What the user has given; None stays what it was, or is left out."""

    name: str
    database: str | None = None
    writable: bool | None = None
    workspace: str | None = None
    password_stdin: bool = False
    no_password: bool = False
    replace: bool = False


def add_connection(added: AddedConnection, ask: Callable[[str], str] | None = None) -> str:
    """Keep the connection, and its password in the keyring; what to tell. ``ask`` asks for a password, without it the
    terminal, if there is one.

    Raises :class:`~speql_sql.SpeqlError`; then nothing was changed.
    """
    check_connection_name(added.name)
    if added.password_stdin and added.no_password:
        raise SpeqlError("--password-stdin and --no-password exclude each other.", "Give one of them.")
    path = connection_file_path()
    before = _before(path, added)
    database = _database(added, before)
    same = before.get("database") == database
    variable = password_variable(added.name)
    keyring = KeyringEntries()
    password = _password(added, database, keyring, ask, keeps=same and before.get("keyring") is True)
    # A password is for the server that it was given for: another database does not inherit it.
    kept = password is not None or (same and before.get("keyring") is True and not added.no_password)
    changes: dict[str, Any] = {"database": database, "keyring": True if kept else None}
    if added.writable is not None:
        changes["writable"] = added.writable or None
    if added.workspace is not None:
        changes["workspace"] = str(_folder(added.workspace)) if added.workspace else None
    if password is not None:
        keyring.write(connection_entry(added.name), password)
    write_connection(path, added.name, changes)
    if not kept and before.get("keyring") is True:
        keyring.remove(connection_entry(added.name))
    told = f"{added.name} is kept in {path}. Try it: speql connections test {added.name}"
    if not kept and is_url(database):
        told += f"\nNo password is kept. Where the driver does not find one by itself, it is that of {variable}."
    return told


def _before(path: Path, added: AddedConnection) -> dict[str, Any]:
    """What the file says of it now."""
    written = written_connections(path)
    if added.name in written and not added.replace:
        raise SpeqlError(f"There is a connection {added.name} already.", "Give --replace to change it.")
    for other in written:
        if other != added.name and password_variable(other) == password_variable(added.name):
            raise SpeqlError(
                f"{added.name} and {other} would have their passwords in one variable.", "Choose another name."
            )
    before = written.get(added.name, {})
    return before if isinstance(before, dict) else {}


def _database(added: AddedConnection, before: dict[str, Any]) -> str:
    if added.database is None:
        known = before.get("database")
        if not isinstance(known, str):
            raise SpeqlError("No database is named.", "Write: speql connections add NAME DATABASE.")
        return known
    given = added.database.strip()
    for _ in secret_places({"database": given}):
        raise SpeqlError(
            "The database's name holds a password, which your shell has in its history now.",
            "Consider it known. Leave it out: it is asked for, or is read with --password-stdin.",
        )
    if given.lower().startswith("duckdb:"):
        given = given[len("duckdb:") :].removeprefix("//") or ":memory:"
    if given == ":memory:":
        return given
    scheme, separator, _ = given.partition("://")
    if separator:
        # With the reason, if its driver is not there.
        if adapter_for(scheme) is None:
            raise SpeqlError(
                f"{scheme}: is no kind of database that this installation of SpeQL opens.",
                f"It opens DuckDB files, and what begins with one of these: {', '.join(schemes())}.",
            )
        return given
    path = _folder(given)
    if not path.exists() and not (added.writable and path.parent.is_dir()):
        raise SpeqlError(f"There is no {path}.", "Name a file, a folder of data files, or a URL.")
    return str(path)


def _folder(given: str) -> Path:
    """A path that means the same wherever a command is run."""
    try:
        return Path(given).expanduser().absolute()
    except RuntimeError as error:
        raise SpeqlError(f"{given} has no home directory.", "Write the path out.") from error


def _password(
    added: AddedConnection, database: str, keyring: KeyringEntries, ask: Callable[[str], str] | None, *, keeps: bool
) -> Secret | None:
    """The password to keep; None if there is none, or the one that is kept stays."""
    logs_in = is_url(database)
    if added.password_stdin and not logs_in:
        raise SpeqlError("A file has no password.", "Leave --password-stdin out.")
    if not logs_in or added.no_password:
        return None
    problem = keyring.problem()
    variable = password_variable(added.name)
    if added.password_stdin:
        if problem:
            raise KeyringError(problem, f"Leave --password-stdin out, and put the password into {variable}.")
        return _secret(sys.stdin.readline())
    ask = ask or (_ask if sys.stdin.isatty() and sys.stderr.isatty() else None)
    if ask is None:
        return None
    if problem:
        typer.echo(f"{problem} Put the password into the environment variable {variable}.", err=True)
        return None
    empty = "the one that is kept stays" if keeps else "none is kept"
    given = ask(f"Password for {added.name}, kept in the keyring (empty: {empty})")
    return _secret(given) if given else None


def _secret(given: str) -> Secret:
    text = given.rstrip("\r\n")
    if not text or not text.isprintable():
        raise SpeqlError("That is no password: it is empty, or has control characters.", "Nothing was changed.")
    return Secret(text)


def _ask(question: str) -> str:
    answer: str = typer.prompt(question, hide_input=True, default="", show_default=False, err=True)
    return answer
