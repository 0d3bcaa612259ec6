"""The queries that the demo can type."""

import re
from dataclasses import dataclass
from pathlib import Path

from speql_server.cli.read_sql import read_sql
from speql_sql import SpeqlError

_FOLDER = Path(__file__).parent / "queries"
_EDIT = re.compile(r"^-- edit: (\S+) => (\S+)$", re.MULTILINE)
_NUMBER_OR_QUOTED = re.compile(r"""'[^']*'|"[^"]*"|--.*|(?<![\w.])(\d+(?:\.\d+)?)(?![\w.])""")


@dataclass(frozen=True, slots=True)
class DemoQuery:
    """A query to type, the question it answers, and the text after one edit (None if there is no constant)."""

    name: str
    question: str
    text: str
    edited_text: str | None
    edit: str


def demo_query(name: str) -> DemoQuery:
    """The demo's query of that name, or the one in the file of that name. Raises :class:`SpeqlError` for neither."""
    if name in query_names():
        return _parse(name, (_FOLDER / f"{name}.sql").read_text(encoding="utf-8"))
    if Path(name).suffix == ".sql" or Path(name).is_file():
        return _parse(Path(name).stem, read_sql(name))
    raise SpeqlError(f"There is no query {name!r}.", f"Use one of {', '.join(query_names())}, or name a .sql file.")


def query_names() -> tuple[str, ...]:
    """Names that `--query` takes, besides files."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.sql")))


def _parse(name: str, source: str) -> DemoQuery:
    """Leading comment lines hold the question and the edit; what follows is typed."""
    lines = source.strip().splitlines()
    head = [line for line in lines[: _first_code_line(lines)] if not line.startswith("-- edit:")]
    text = "\n".join(lines[_first_code_line(lines) :]).rstrip().rstrip(";")
    if not text:
        raise SpeqlError(f"The query {name} is empty.", "Put a SELECT into it.")
    question = " ".join(line.removeprefix("--").strip() for line in head)
    declared = _EDIT.search(source)
    old, new = (declared[1], declared[2]) if declared else _halved_constant(text)
    edited = _replaced(text, old, new) if old else None
    if declared and edited is None:
        raise SpeqlError(f"The query {name} says `-- edit: {old} => {new}`, but has no {old}.", "Correct that line.")
    return DemoQuery(name, question, text, edited, f"{old} becomes {new}" if edited else "")


def _first_code_line(lines: list[str]) -> int:
    return next((index for index, line in enumerate(lines) if not line.startswith("--")), len(lines))


def _halved_constant(text: str) -> tuple[str, str]:
    """The last number of the text that is not the LIMIT, and half of it; empty if there is none."""
    before_limit = re.split(r"\blimit\b", text, flags=re.IGNORECASE)[0]
    found = (match[1] for match in _NUMBER_OR_QUOTED.finditer(before_limit))
    numbers = [number for number in found if number and float(number) > 1]
    return (numbers[-1], f"{float(numbers[-1]) / 2:g}") if numbers else ("", "")


def _replaced(text: str, old: str, new: str) -> str | None:
    """The text with the last whole-word ``old`` replaced."""
    found = list(re.finditer(rf"(?<![\w.]){re.escape(old)}(?![\w.])", text))
    if not found:
        return None
    return text[: found[-1].start()] + new + text[found[-1].end() :]
