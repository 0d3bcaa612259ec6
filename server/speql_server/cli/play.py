"""``speql play``: SpeQL in the browser."""

import asyncio
import os
import sys
import webbrowser
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from speql_engines.cache_directory import cache_directory
from speql_engines.data_files import READERS
from speql_engines.spill import SpillDirectory
from speql_server.cli.demo.dataset import SHORT_DESCRIPTION, build_demo_database, demo_database_path
from speql_server.cli.demo.demo_query import demo_query, query_names
from speql_server.cli.serve import log_to
from speql_server.connecting.named_connection import NamedConnection
from speql_server.pauses import keep_pauses_short
from speql_server.play.assets import load_assets
from speql_server.play.play_server import serve_play
from speql_server.play.play_settings import Example, PlaySettings, Text
from speql_server.settings import EVERYWHERE, ServerSettings
from speql_server.wire.access import Token, token_for
from speql_server.wire.serve_error import ServeError

_LARGEST_TEXT = 2_000_000


def play_command(
    files: Sequence[str],
    *,
    connection: Sequence[str] = (),
    demo: bool = False,
    writable: bool = False,
    port: int = 0,
    browser: bool = True,
    log_level: str = "error",
) -> int:
    """Serve the page until the process is told to stop; the exit status.

    ``files`` are texts (.sql) and data: DuckDB files, data files, folders of those. Raises `ServeError` for what is
    neither.
    """
    log_to(None, log_level)
    assets, token = load_assets(), token_for(None)
    settings = play_settings(files, connection, demo=_demo_database() if demo else None, writable=writable)
    keep_pauses_short()
    # A name that tells the process: what a killed one has left is removed by the next one.
    kept = SpillDirectory(cache_directory() / "play")
    kept.path.mkdir(mode=0o700, parents=True)
    try:
        return asyncio.run(
            serve_play(settings, assets, kept.path, port, token, sys.stderr.write, _opener(token, open_it=browser))
        )
    finally:
        kept.remove()


def play_settings(
    files: Sequence[str], connection: Sequence[str] = (), *, demo: Path | None = None, writable: bool = False
) -> PlaySettings:
    """What is served for these arguments. The first data is what a page begins with; the others it may choose."""
    texts = tuple(_text(Path(one)) for one in files if _is_text(one))
    data = [_data(one) for one in files if not _is_text(one)]
    if demo is not None:
        data.insert(0, str(demo))
    named: dict[str, NamedConnection] = {}
    for database in data[1:]:
        name = _free_name(Path(database), named)
        named[name] = NamedConnection(name, database, writable)
    chosen = ""
    for one in connection:
        name, equals, database = one.partition("=")
        if equals:
            named[name] = NamedConnection(name, _data(database), writable)
        else:
            chosen = name
    server = ServerSettings(
        database=data[0] if data else None,
        writable=writable and (bool(data) or bool(chosen)),
        connections=tuple(named.values()),
        connection=((EVERYWHERE, chosen),) if chosen else (),
    )
    return PlaySettings(server, Path.cwd(), texts, _examples())


def _examples() -> tuple[Example, ...]:
    """The queries of the demo, for its database."""
    label = demo_database_path().name
    found = [demo_query(name) for name in query_names()]
    return tuple(Example(one.name, one.question, one.text, label) for one in found)


def _is_text(file: str) -> bool:
    return file.lower().endswith(".sql")


def _text(path: Path) -> Text:
    try:
        if path.stat().st_size > _LARGEST_TEXT:
            raise ServeError(f"{path} is larger than {_LARGEST_TEXT // 1_000_000} MB.", "Open a part of it.")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ServeError(f"{path} cannot be read: {error}.", "Name a text file in UTF-8.") from error
    return Text(path.name, path.absolute().as_uri(), text.replace("\r\n", "\n"))


def _data(database: str) -> str:
    """The database as an absolute path, if it is one: a page's folder is not the one that this was started in."""
    if "://" in database or database == ":memory:" or database.lower().startswith("duckdb:"):
        return database
    path = Path(database).expanduser().absolute()
    if not path.exists():
        endings = ", ".join((".duckdb", *READERS, ".sql"))
        raise ServeError(f"There is no {database}.", f"Name a folder, or a file that ends in {endings}.")
    return str(path)


def _free_name(path: Path, taken: dict[str, NamedConnection]) -> str:
    name, number = path.stem, 1
    while name in taken:
        number += 1
        name = f"{path.stem} {number}"
    return name


def _demo_database() -> Path:
    path = demo_database_path()
    if not path.exists():
        with Progress(console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task(SHORT_DESCRIPTION, total=1.0)
            build_demo_database(path, lambda label, done: progress.update(task, description=label, completed=done))
    return path


def _opener(token: Token, *, open_it: bool) -> Callable[[str], None]:
    """Says the address, and opens it in the user's browser."""

    def listening(address: str) -> None:
        told = address if token.generated else address.replace(token.value, "...")
        sys.stderr.write(f"SpeQL is at {told}\nCtrl+C ends it.\n")
        sys.stderr.flush()
        # A browser that runs in the terminal would take it from us.
        has_windows = sys.platform in ("win32", "darwin") or any(
            os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
        )
        if open_it and has_windows:
            # A task of its own: some browsers are waited for until they are closed.
            asyncio.get_running_loop().run_in_executor(None, webbrowser.open, address)

    return listening
