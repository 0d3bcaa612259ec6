"""The SQL of a notebook's cell: behind a magic, and in the strings of Python."""

import re
from collections.abc import Iterator

from speql_speculator.embedding.behind_magic import OPTION, RESULT, BehindMagic
from speql_speculator.embedding.fragment import Fragment
from speql_speculator.embedding.jinja import JinjaText, has_jinja, jinja_fragments
from speql_speculator.embedding.plain_text import PlainText
from speql_speculator.embedding.projection import Draft
from speql_speculator.embedding.python_strings import in_python_string, python_strings
from speql_sql import Span

_MAGIC = re.compile(
    r"^[ \t]*(?P<marks>%%?)(?P<name>sql|duckdb|dql|bigquery|bqsql|speql(?![ \t]+connect\b)|sqlcmd)\b[ \t]?",
    re.MULTILINE,
)
_FIRST = re.compile(r"(?:[ \t]*(?:#[^\r\n]*)?\r?\n)*")
_ASSIGNED = re.compile(
    r"^[ \t]*(?P<name>[^\W\d]\w*)[ \t]*=[ \t]*(?P<marks>%)(?P<name_of>sql|duckdb|dql|speql)\b[ \t]?", re.MULTILINE
)
_TAKES_VALUE = frozenset(
    (
        *("-s", "--save", "-w", "--with", "-a", "--alias", "-f", "--file", "-i", "--interact", "-n", "--displaylimit"),
        *("-c", "--connection_arguments", "-A", "--connections", "--section", "--creator", "-d", "--database"),
        *("-t", "--type", "-o", "--output", "-l", "--limit", "--params", "--project", "--destination_table"),
        *("--out", "--frame", "--max_results", "--location", "--job_id", "--bigquery_api_endpoint"),
    )
)
"""Options whose value is the word behind them."""

_NAMES_RESULT = frozenset({"-s", "--save", "-o", "--output"})
_WITHOUT_SQL = frozenset({"bigquery", "bqsql", "speql"})
"""Magics of cells whose first line is all options: their SQL begins on the second."""


def cell_regions(text: str) -> Iterator[Draft]:
    """The regions of a Python cell, in order: the SQL of magics, and that in strings of the Python around them."""
    beginning = _FIRST.match(text)
    first = beginning.end() if beginning is not None else 0
    whole = _MAGIC.match(text, first)
    if whole is not None and (whole["marks"] == "%%" or _stands_alone(text, whole.end())):
        yield magic_region(text, whole)
        return
    position = 0
    magics = sorted([*_MAGIC.finditer(text), *_ASSIGNED.finditer(text)], key=lambda one: one.start())
    for magic in magics:
        if magic["marks"] != "%" or magic.start() < position:
            continue
        end = _line_end(text, magic.end())
        if in_python_string(text, magic.start()):
            continue
        yield from python_strings(text, position, magic.start())
        yield magic_region(text, magic)
        position = end
    yield from python_strings(text, position)


def begins_with_magic(text: str) -> bool:
    """Whether a text of SQL begins with a magic or with what one has left in it: ``%%sql``, ``rows <<``."""
    return _MAGIC.match(text) is not None or RESULT.match(text) is not None


def sql_cell_region(text: str) -> Draft:
    """The region of a text of SQL with a magic, or what one has left, on its first line."""
    magic = _MAGIC.match(text)
    return magic_region(text, magic) if magic is not None else _region(text, 0, len(text), "", False)


def magic_region(text: str, magic: re.Match[str]) -> Draft:
    """The region behind a magic; its options and ``name <<`` are not SQL."""
    groups = magic.groupdict()
    assigned = "name_of" in groups
    name = groups["name_of"] if assigned else groups["name"]
    line = _line_end(text, magic.end())
    over_lines = groups["marks"] == "%%" or (not assigned and _stands_alone(text, magic.end()))
    end = len(text) if over_lines else line
    only_options = over_lines and name in _WITHOUT_SQL
    return _region(text, magic.end(), end, groups["name"] if assigned else "", not over_lines, only_options)


def _region(text: str, start: int, end: int, result: str, one_line: bool, only_options: bool = False) -> Draft:
    line = min(_line_end(text, start), end)
    position = start
    while position < line:
        if (found := RESULT.match(text, position, line)) is not None:
            result = found["name"]
        elif (found := OPTION.match(text, position, line)) is not None:
            flag, value = found["flag"], found["joined"]
            after = found.end()
            if flag in _TAKES_VALUE and value is None:
                argument = re.compile(r"[ \t]+(\"[^\"\r\n]*\"|'[^'\r\n]*'|[^\s-]\S*)").match(text, after, line)
                value, after = (argument[1], argument.end()) if argument is not None else (None, after)
            if flag in _NAMES_RESULT and value:
                result = value.strip("'\"")
            position = after
            continue
        else:
            break
        position = found.end()
    if only_options:
        named = re.compile(r"[ \t]*([^\W\d]\w*)").match(text, position, line)
        result = result or (named[1] if named is not None else "")
        position = line
    begins_with, beside_magic = "", True
    if not one_line and not text[position:line].strip() and line < end:
        # Nothing more on the line of the magic: the SQL begins on the next one.
        beside_magic = False
        position = line + (2 if text.startswith("\r\n", line) else 1)
    elif only_options:
        begins_with = "\n"
    elif position < end and text[position] in " \t" and position > start:
        position += 1
    elif position > 0 and not text[position - 1].isspace() and text[position - 1] != "<":
        begins_with = " \t\r\n"
    span = Span(min(position, end), end)
    behind = BehindMagic(beside_magic, one_line, begins_with)
    container = JinjaText(behind) if has_jinja(span.of(text)) else PlainText(behind)
    if isinstance(container, JinjaText):
        return Draft(span, tuple(jinja_fragments(text, span, container)), container, result)
    fragments = (Fragment("verbatim", span, container=container),) if span.start < span.end else ()
    return Draft(span, fragments, container, result)


def _stands_alone(text: str, end: int) -> bool:
    """Whether nothing follows a magic on its line, and something may on the next ones: then they are its SQL."""
    line = _line_end(text, end)
    return line < len(text) and not text[end:line].strip()


def _line_end(text: str, start: int) -> int:
    ends = [at for at in (text.find("\n", start), text.find("\r", start)) if at >= 0]
    return min(ends) if ends else len(text)
