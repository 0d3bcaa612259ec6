"""The queries that a benchmark is given as files."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from speql_sql import SpeqlError


def read_queries(paths: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Names and texts of the .sql files in these folders and of these files; each file is one query."""
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
