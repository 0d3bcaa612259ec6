"""`speql connections list`."""

from pathlib import Path

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from speql_server.connecting.chosen_profile import known_connections
from speql_server.connecting.dbt_profiles import PREFIX as DBT
from speql_server.connecting.file import connection_file_path
from speql_server.connecting.given_password import GivenPassword
from speql_server.connecting.named_connection import NamedConnection
from speql_server.connecting.password import ConnectionPassword
from speql_server.connecting.snowflake_connections import SCHEME as SNOWFLAKE
from speql_server.project_file import NAME as PROJECT_FILE
from speql_sql.database_names import without_password


def list_connections(*, json: bool) -> int:
    """Print what can be named here; 1 if something in the files is wrong, else 0."""
    known, errors = known_connections(Path.cwd())
    described = [_described(one) for one in known]
    if json:
        found = {"file": str(connection_file_path()), "connections": described, "problems": [str(e) for e in errors]}
        typer.echo(msgspec.json.encode(found))
        return 1 if errors else 0
    if not known:
        typer.echo("There is no connection. Keep one: speql connections add NAME DATABASE")
    else:
        table = Table("name", "database", "access", "password", "from", box=None, pad_edge=False)
        for one in described:
            access = "writable" if one["writable"] else "read-only"
            database = f"not here: {one['unavailable']}" if one["unavailable"] else one["database"]
            row = (one["name"], database, access, one["password"], one["from"])
            table.add_row(*(Text(str(cell), overflow="fold") for cell in row))
        Console().print(table)
    for error in errors:
        typer.secho(str(error), fg="red", err=True)
    return 1 if errors else 0


def _described(one: NamedConnection) -> dict[str, str | bool]:
    """What may be shown of a connection; where its password is, the keyring is not asked."""
    return {
        "name": one.name,
        "database": without_password(one.database or ":memory:"),
        "writable": one.writable,
        "workspace": str(one.workspace or ""),
        "password": _password(one),
        "from": _origin(one),
        "unavailable": one.unavailable,
    }


def _password(one: NamedConnection) -> str:
    if isinstance(one.secret, GivenPassword):
        return "profiles.yml"  # which one, its whole path would tell
    return one.secret.source if one.secret is not None else ""


def _origin(one: NamedConnection) -> str:
    if isinstance(one.secret, ConnectionPassword):
        return connection_file_path().name
    if one.name.startswith(DBT):
        return "dbt"
    return "Snowflake's connections.toml" if one.name.startswith(f"{SNOWFLAKE}.") else PROJECT_FILE
