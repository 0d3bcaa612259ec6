"""`speql connections`: the user's own connections, and what each name leads to."""

import sys
from typing import Annotated

import typer

app = typer.Typer(
    help="Your own connections by name, for all projects: kept in a file that holds no secrets; passwords are in the "
    "keyring.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="The connection's name.")]


@app.command("add")
def add_command(
    name: Name,
    database: Annotated[
        str | None,
        typer.Argument(
            metavar="[DATABASE]", help="A URL without a password, the path of a file or folder, or :memory:."
        ),
    ] = None,
    writable: Annotated[
        bool | None, typer.Option("--writable/--read-only", help="Whether submits may change it; else they may not.")
    ] = None,
    workspace: Annotated[
        str | None, typer.Option(metavar="FOLDER", help="A folder whose data files may be read while typing.")
    ] = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input, and do not ask for it.")
    ] = False,
    no_password: Annotated[bool, typer.Option("--no-password", help="Keep none, and do not ask for one.")] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Change the connection of this name; what is not given stays.")
    ] = False,
) -> None:
    """Keep a connection under a name. On a terminal the password is asked for; it goes into the keyring."""
    from speql_server.cli.connections_add import AddedConnection, add_connection

    added = AddedConnection(name, database, writable, workspace, password_stdin, no_password, replace)
    typer.echo(add_connection(added))


@app.command("list")
def list_command(json: Json = False) -> None:
    """List the connections that can be named here: your own, those of this folder's `.speql.toml` and of dbt.

    Exit status 1 if something in the files is wrong; what is right is listed.
    """
    from speql_server.cli.connections_list import list_connections

    raise typer.Exit(list_connections(json=json))


@app.command("test")
def try_command(
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="The connections' names.")], json: Json = False
) -> None:
    """Open connections, read their tables and close them again. Exit status 2 if one cannot be opened."""
    from speql_server.cli.connections_try import try_connections

    raise typer.Exit(try_connections(names, json=json))


@app.command("remove")
def remove_command(name: Name) -> None:
    """Forget a connection and its password."""
    from speql_server.cli.connections_remove import remove_named

    told, complete = remove_named(name)
    typer.echo(told, file=sys.stdout if complete else sys.stderr)
    raise typer.Exit(0 if complete else 1)
