"""`speql format`: the statements of files, laid out; or whether they are."""

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import typer

from speql_server.cli.read_sql import decoded
from speql_speculator.edits import apply_edits
from speql_speculator.embedding.project import project
from speql_speculator.formatting.formatting import format_edits
from speql_speculator.formatting.style import Style
from speql_sql import SpeqlError


def format_command(files: Sequence[str], *, check: bool, style: Style, dialect: str) -> int:
    """Write the files that are not laid out; with ``check`` only name them, and 1 if there are any.

    ``-`` is standard input, and its result goes to standard output.
    """
    others = 0
    for name, content in _contents(files):
        text = decoded(content, name)
        laid_out = text
        if project(text, "sql") is None:
            laid_out = apply_edits(text, format_edits(text, style, dialect))
        else:
            typer.echo(f"Left as it is: {name} is a template", err=True)
        if name == "-" and not check:
            sys.stdout.buffer.write(laid_out.encode())
            sys.stdout.buffer.flush()
        elif laid_out != text:
            others += 1
            if not check:
                mark = b"\xef\xbb\xbf" if content.startswith(b"\xef\xbb\xbf") else b""
                _write(Path(name), mark + laid_out.encode())
            typer.echo(f"{'Would format' if check else 'Formatted'} {name}", err=True)
    return 1 if check and others else 0


def _contents(files: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """The contents of files, and of the .sql files in folders and below; each file once."""
    seen: set[Path] = set()
    for given in files:
        if given == "-":
            yield "-", sys.stdin.buffer.read()
            continue
        path = Path(given)
        found = sorted(path.rglob("*.sql")) if path.is_dir() else [path]
        for file in found:
            if file.resolve() not in seen:
                seen.add(file.resolve())
                try:
                    yield str(file), file.read_bytes()
                except OSError as error:
                    raise SpeqlError(f"{file} cannot be read: {error}", "Name .sql files or folders.") from error


def _write(path: Path, content: bytes) -> None:
    """Replace a file as a whole, so that nobody ever sees half of it; a link stays one."""
    target = path.resolve()
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            Path(name).chmod(target.stat().st_mode & 0o7777)
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise SpeqlError(f"{path} cannot be written: {error}", "Check its permissions.") from error
