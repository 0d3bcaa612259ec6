"""The data files of a folder, and the names that they have as tables."""

import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

State = tuple[int, int, int, int]
"""What tells one state of a file from another: device, inode, size, time of the last change."""

READERS = {
    ".parquet": "read_parquet",
    ".csv": "read_csv",
    ".tsv": "read_csv",
    ".csv.gz": "read_csv",
    ".tsv.gz": "read_csv",
    ".jsonl": "read_json",
    ".ndjson": "read_json",
    ".jsonl.gz": "read_json",
}
"""By its ending, which of DuckDB's functions reads a file as a table."""

MOST_FILES = 500
"""So many files become tables; of a folder with more, the first by name."""

MOST_FOLDERS = 200
"""So many folders are looked into: it is done before each statement, to notice files that have changed."""

_SKIPPED = frozenset(("node_modules", "venv", "dist", "target", "__pycache__"))


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file, the table that it is, and its state."""

    path: Path
    table: str
    state: State

    @property
    def bytes(self) -> int:
        """How large it is."""
        return self.state[2]

    @property
    def query(self) -> str:
        """What reads it."""
        text = str(self.path).replace("'", "''")
        return f"SELECT * FROM {READERS[_ending(self.path.name)]}('{text}')"


def holds_data(path: Path) -> bool:
    """Whether a path is to be opened as data files: it is a folder, or a file by its ending."""
    try:
        return path.is_dir() or (_ending(path.name) in READERS and path.is_file())
    except OSError:
        return False  # opened as a database, which says why it cannot be


def scan(root: Path) -> tuple[tuple[Path, State], ...]:
    """The data files in a folder and the folders in it, or the one file that `root` is, each with its state.

    Links are not followed: they may lead anywhere. Hidden folders and those of tools are left out.
    """
    found = [root] if root.is_file() else islice(_walk(root), MOST_FILES)
    return tuple((path, state) for path in found if (state := _state(path)) is not None)


def named(files: Sequence[tuple[Path, State]], root: Path) -> tuple[DataFile, ...]:
    """What was found, with the names that the files have as tables.

    A table is named like its file. Files of one name are told apart by the folders that they are in, then by their
    ending.
    """
    spellings = [_spellings(path, root) for path, _ in files]
    depth = max(map(len, spellings), default=0)
    levels = [Counter(one[min(level, len(one) - 1)].lower() for one in spellings) for level in range(depth)]
    found, taken = [], set[str]()
    for (path, state), mine in zip(files, spellings, strict=True):
        alone = (name for name, level in zip(mine, levels, strict=False) if level[name.lower()] == 1)
        name = free = next(alone, mine[-1])
        number = 2
        while free.lower() in taken:
            free, number = f"{name}_{number}", number + 1
        taken.add(free.lower())
        found.append(DataFile(path, free, state))
    return tuple(found)


def _walk(root: Path) -> Iterator[Path]:
    folders, number = [root], 0
    while folders and number < MOST_FOLDERS:
        folder, number = folders.pop(0), number + 1
        try:
            with os.scandir(folder) as entries:
                listed = sorted(entries, key=lambda entry: entry.name)
        except OSError:
            continue  # it may not be read, or is gone
        for entry in listed:
            if entry.is_dir(follow_symlinks=False):
                if not entry.name.startswith(".") and entry.name not in _SKIPPED:
                    folders.append(Path(entry.path))
            elif _ending(entry.name) in READERS and entry.is_file(follow_symlinks=False):
                yield Path(entry.path)


def _state(path: Path) -> State | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _spellings(path: Path, root: Path) -> list[str]:
    """How a file may be called, the shortest first: by its name, with its folders, with its ending, too."""
    ending = _ending(path.name)
    stem = path.name[: len(path.name) - len(ending)]
    folders = path.parent.relative_to(root).parts if root != path else ()
    below = [*folders, stem]
    long = [_word("_".join(below[place:])) for place in range(len(below) - 1, -1, -1)]
    return [*long, f"{long[-1]}_{_word(ending[1:])}"]


def _word(text: str) -> str:
    word = re.sub(r"\W+", "_", text).strip("_") or "file"
    return f"_{word}" if word[0].isdigit() else word


def _ending(name: str) -> str:
    lower = name.lower()
    return next((ending for ending in sorted(READERS, key=len, reverse=True) if lower.endswith(ending)), "")
