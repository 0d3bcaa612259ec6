"""The queries of folders and files that a command is given."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from speql_sql import SpeqlError


def read_queries(paths: Sequence[str], only: Sequence[str] = ()) -> dict[str, str]:
    """Texts by name of the .sql files in these folders and of these files; each file is one query.

    ``only`` are the names that are wanted, all if there are none. Raises `SpeqlError` if nothing is found or readable.
    """
    queries = {name: text for name, text in _texts(paths) if not only or name in only}
    if not queries:
        raise SpeqlError("There is no query here.", "Name a folder with .sql files, or files; check --only.")
    return queries


def _texts(paths: Sequence[str]) -> Iterator[tuple[str, str]]:
    for given in paths:
        path = Path(given)
        files = sorted(path.glob("*.sql")) if path.is_dir() else [path]
        for file in files:
            try:
                text = file.read_text(encoding="utf-8").strip().rstrip(";").rstrip()
            except (OSError, UnicodeDecodeError) as error:
                raise SpeqlError(f"{file} cannot be read: {error}", "Name .sql files in UTF-8.") from error
            if text:
                yield file.stem, text
