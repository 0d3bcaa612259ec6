"""`speql connections test`."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import msgspec
import typer

from speql_engines import ConnectionFailedError
from speql_server.cli.chosen_engine import open_chosen
from speql_sql import SpeqlError
from speql_sql.database_names import without_password


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of opening a connection; ``reason`` is the kind of failure, and the seconds are those until it."""

    name: str
    ok: bool
    engine: str = ""
    version: str = ""
    label: str = ""
    writable: bool = False
    tables: int = 0
    columns: int = 0
    login_seconds: float = 0.0
    seconds: float = 0.0
    reason: str = ""
    error: str = ""
    hint: str = ""


def try_connections(names: Sequence[str], *, json: bool) -> int:
    """Open each, read its catalog, close it and tell; 2 if one cannot be opened, else 0."""
    tried = [asyncio.run(_try(name)) for name in names]
    if json:
        found = [{_camel(key): value for key, value in asdict(one).items()} for one in tried]
        typer.echo(msgspec.json.encode({"connections": found}))
    else:
        for one in tried:
            _print(one)
    return 0 if all(one.ok for one in tried) else 2


async def _try(name: str) -> Tried:
    began = time.perf_counter()
    try:
        engine = await open_chosen(None, name)
        login = time.perf_counter() - began
        try:
            catalog = await engine.catalog()
            info = engine.info
        finally:
            await engine.close()
    except SpeqlError as error:
        reason = error.reason if isinstance(error, ConnectionFailedError) else "other"
        seconds = round(time.perf_counter() - began, 3)
        message, hint = without_password(error.message), without_password(error.hint)
        return Tried(name, False, seconds=seconds, reason=reason, error=message, hint=hint)
    return Tried(
        name,
        True,
        info.engine,
        info.version,
        info.label,
        info.writable,
        len(catalog.tables),
        sum(len(table.columns) for table in catalog.tables),
        round(login, 3),
        round(time.perf_counter() - began, 3),
    )


def _print(one: Tried) -> None:
    if not one.ok:
        typer.secho(f"✗ {one.name}: {one.error} {one.hint}".rstrip(), fg="red", err=True)
        return
    access = "writable" if one.writable else "read-only"
    what = f"{one.engine} {one.version}, {one.label}, {access}, {one.tables} tables with {one.columns} columns"
    typer.echo(f"✓ {one.name}: {what}, in {one.seconds:.2f} s (login {one.login_seconds:.2f} s)")


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(word.capitalize() for word in tail)
