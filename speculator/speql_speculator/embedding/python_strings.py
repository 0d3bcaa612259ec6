"""The SQL in the strings of a Python text: those that are handed to a function that runs SQL."""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace

from speql_speculator.embedding.fragment import Fragment
from speql_speculator.embedding.projection import Draft
from speql_speculator.embedding.python_line import PYTHON_LINE
from speql_speculator.embedding.python_literal import PythonLiteral
from speql_sql import Span

_SQL_CALLS = frozenset({"sql", "read_sql_query", "execute_sql", "run_sql", "query_df"})
"""Functions whose string is SQL, whatever it says."""

_CALLS = _SQL_CALLS | {
    "execute",
    "executemany",
    "query",
    "read_sql",
    "text",
    "SQL",
    "fetch_df",
    "raw_sql",
    "from_query",
}
"""Functions whose string is SQL if it begins like SQL: other libraries have functions of these names."""

_FIRST_WORDS = (
    *("SELECT", "WITH", "FROM", "INSERT", "UPDATE", "DELETE", "MERGE", "CREATE", "DROP", "ALTER", "DESCRIBE", "SHOW"),
    *("SUMMARIZE", "EXPLAIN", "VALUES", "PIVOT", "UNPIVOT", "TRUNCATE", "COPY", "SET", "ATTACH", "DETACH", "USE"),
    *("PRAGMA", "INSTALL", "LOAD", "CALL", "ANALYZE", "BEGIN", "COMMIT", "ROLLBACK", "EXPORT", "IMPORT", "TABLE"),
)

_TOKEN = re.compile(r"#[^\r\n]*|(?:(?<!\w)(?P<prefix>[rRbBuUfFtT]{1,2}))?(?P<quote>'''|\"\"\"|'|\")")
_CALL = re.compile(r"(?P<call>\w+)\s*\(\s*(?:(?:sql|query|statement|operation)\s*=\s*)?$")
_MAY_CALL = re.compile(rf"\b(?:{'|'.join(sorted(_CALLS))})\s*\(")
_ASSIGNED = re.compile(r"^[ \t]*(?P<name>[^\W\d]\w*)\s*(?::[^=\n]*)?=\s*(?:await\s+)?[\w.\[\]()'\"]*$")
_JOINED = re.compile(r"(?:\s|#[^\r\n]*|\\\r?\n)*+")
_ADDED = re.compile(r"\s*(?:\+|%|\.\s*(?P<format>format)\s*\()")
_FIRST_WORD = re.compile(r"(?:\s|--[^\n]*\n|/\*.*?\*/|\()*+(?P<word>[A-Za-z]*)(?P<rest>\s*\S?)", re.DOTALL)
_OPENS = re.compile(r"(?:\w\s*\(\s*|^[ \t]*[\w.]+\s*=\s*)[rRfFbBuU]{0,2}$")


_ATTRIBUTE = re.compile(r"\s*+(?:\.\s*+\w*+\s*+)?")

LOOKS_BACK = 200
"""A literal's meaning depends on its own line, and on no more than so many characters before it."""

_LOOKS_AHEAD = 220
_TO_THE_END = sys.maxsize


@dataclass(frozen=True, slots=True)
class Step:
    """A comment that was read, or literals side by side: where reading goes on, the region of SQL if it is one, and
    ``reach``, behind which the text did not matter for that.
    """

    end: int
    reach: int
    region: Draft | None = None


@dataclass(frozen=True, slots=True)
class _String:
    """A literal with its prefix, where its body begins and ends, and how far it was looked ahead for that."""

    literal: PythonLiteral
    start: int
    body: int
    fragments: tuple[Fragment, ...]
    body_end: int
    end: int
    is_bytes: bool
    reach: int


def python_strings(text: str, start: int = 0, end: int | None = None) -> Iterator[Draft]:
    """The regions of SQL in a stretch of Python, in order; never raises, on any text."""
    return (step.region for step in python_steps(text, start, end) if step.region is not None)


def python_steps(text: str, start: int = 0, end: int | None = None, *, begin: int | None = None) -> Iterator[Step]:
    """How a stretch of Python is read, from its ``start`` or from the end of a step on (``begin``).

    Not by Python's own ``tokenize`` and ``ast``: they stop at the first line that is not finished, and the string that
    is being typed is nearly always in one. A literal is read alike (tests compare), the call's name says that it
    is SQL, and one that nothing closes ends where Python goes on by the look of it.
    """
    limit = len(text) if end is None else end
    if _MAY_CALL.search(text, start, limit) is None:
        return
    window = text if limit == len(text) else text[:limit]
    position = start if begin is None else begin
    while (found := _TOKEN.search(window, position)) is not None:
        if found["quote"] is None:
            step = Step(found.end(), found.end() + 1)
        elif (call := _call_before(window, start, found.start())) is None:
            step = _skipped(window, found)
        else:
            step = _region(window, found, call, start)
        yield step
        position = step.end


def in_python_string(text: str, offset: int) -> bool:
    """Whether a place of a Python text is in a string, of SQL or not."""
    position = 0
    while (found := _TOKEN.search(text, position)) is not None and found.start() < offset:
        position = found.end() if found["quote"] is None else _skipped(text, found).end
        if offset < position and found["quote"] is not None:
            return True
    return False


def _call_before(text: str, start: int, at: int) -> str | None:
    """The function whose first argument begins there, if it is one that may take SQL."""
    behind = at - 1
    while behind >= start and text[behind].isspace():
        behind -= 1
    if behind < start or text[behind] not in "(=":
        return None
    call = _CALL.search(text[max(start, at - 200) : at])
    return call["call"] if call is not None and call["call"] in _CALLS else None


def _region(text: str, found: re.Match[str], call: str, start: int) -> Step:
    """The literals that begin here, side by side, as a region if they are SQL."""
    strings = [_string(text, found)]
    while True:
        between = _JOINED.match(text, strings[-1].end)
        following = _TOKEN.match(text, ahead := between.end() if between is not None else strings[-1].end)
        # Without a quote at its end a literal has no neighbour: what follows is on another line.
        if following is None or following["quote"] is None or strings[-1].end == strings[-1].body_end:
            break
        strings.append(_string(text, following))
    last = strings[-1]
    added = _ADDED.match(text, last.end)
    behind = _ATTRIBUTE.match(text, last.end)
    reach = max(*(one.reach for one in strings), ahead + 5, behind.end() + 5 if behind is not None else 0)
    if added is not None and added["format"] is not None:
        strings = [_formatted(text, one) for one in strings]
        reach = max(reach, *(one.reach for one in strings))
    fragments: list[Fragment] = []
    for number, one in enumerate(strings):
        if number:
            fragments.append(Fragment("removed", Span(strings[number - 1].body_end, one.body)))
        fragments += one.fragments
    stop = last.body_end
    if added is not None and added["format"] is None and last.end > last.body_end:
        meaning = "what Python adds behind the string is left out"
        fragments.append(Fragment("mask", Span(last.body_end, added.end()), "", meaning=meaning))
        stop = added.end()
    said = "".join(one.host.of(text) if one.kind == "verbatim" else one.text or "x" for one in fragments)
    if any(one.is_bytes for one in strings) or not (call in _SQL_CALLS or _begins_like_sql(said)):
        return Step(last.end, reach)
    line = text[max(text.rfind("\n", start, found.start()) + 1, start) : found.start()]
    assigned = _ASSIGNED.match(_CALL.sub("", line))
    host = Span(strings[0].body, stop)
    region = Draft(host, tuple(fragments), strings[0].literal, assigned["name"] if assigned else "")
    return Step(last.end, reach, region)


def _string(text: str, found: re.Match[str]) -> _String:
    prefix, quote = (found["prefix"] or "").lower(), found["quote"]
    literal = PythonLiteral(quote, "r" in prefix, "f" in prefix or "t" in prefix)
    return _read(text, literal, found.start(), found.end(), "b" in prefix)


def _formatted(text: str, string: _String) -> _String:
    literal = PythonLiteral(string.literal.quote, string.literal.raw, formatted=True)
    return _read(text, literal, string.start, string.body, string.is_bytes)


def _read(text: str, literal: PythonLiteral, start: int, body: int, is_bytes: bool) -> _String:
    fragments, end, closed = literal.read(text, body)
    # A placeholder that nothing closes was looked for to the end of the text.
    open_mask = any(one.kind == "mask" and not one.host.of(text).endswith("}") for one in fragments)
    reach = _TO_THE_END if open_mask else end + _LOOKS_AHEAD
    cut = _cut(text, body, end, closed) if len(literal.quote) == 3 else None
    if cut is not None or (not closed and len(literal.quote) == 3):
        literal = replace(literal, open=True)
        fragments, end, _ = literal.read(text if cut is None else text[:cut], body)
        closed = False
    stop = end + len(literal.quote) if closed else end
    return _String(literal, start, body, tuple(fragments), end, stop, is_bytes, reach)


def _cut(text: str, body: int, end: int, closed: bool) -> int | None:
    """Where a literal ends that nothing closes, though it goes on to the next one's opening quotes or to the end.

    That is before the first line that looks like Python. Of a literal that is closed nothing is cut, except where its
    end is much likelier the beginning of another: behind ``sql(``, and nothing follows that could end a call.
    """
    if closed:
        line = text[max(text.rfind("\n", 0, end) + 1, body) : end]
        if not _OPENS.search(line) or re.match(r"\"{3}\s*[),.]", text[end : end + 20]) or "\n" not in text[body:end]:
            return None
    first_line = text.find("\n", body, end)
    if first_line < 0:
        return None
    python = PYTHON_LINE.search(text, first_line + 1, end)
    if python is not None:
        cut = python.start()
    elif closed:
        cut = text.rfind("\n", body, end) + 1
    else:
        return None
    return len(text[:cut].rstrip()) if text[body:cut].strip() else text.find("\n", body, end)


def _begins_like_sql(text: str) -> bool:
    """Whether a text is a statement of SQL, or the beginning of one, or nothing yet."""
    found = _FIRST_WORD.match(text)
    word, rest = (found["word"].upper(), found["rest"].strip()) if found is not None else ("", text.strip())
    if not word:
        return not rest
    return word in _FIRST_WORDS or (not rest and any(one.startswith(word) for one in _FIRST_WORDS))


def _skipped(text: str, found: re.Match[str]) -> Step:
    """A literal that is no SQL."""
    quote, prefix = found["quote"], (found["prefix"] or "").lower()
    if "f" in prefix or "t" in prefix:
        string = _string(text, found)
        return Step(max(string.end, found.end()), string.reach)
    body = _BODIES[quote].match(text, found.end())
    end = body.end() if body is not None else found.end()
    end = end + len(quote) if text.startswith(quote, end) else end
    return Step(end, end + 5)


_BODIES = {
    "'": re.compile(r"(?:[^'\\\r\n]|\\(?:\r\n|.))*+", re.DOTALL),
    '"': re.compile(r'(?:[^"\\\r\n]|\\(?:\r\n|.))*+', re.DOTALL),
    "'''": re.compile(r"(?:[^'\\]|\\.|'(?!''))*+", re.DOTALL),
    '"""': re.compile(r'(?:[^"\\]|\\.|"(?!""))*+', re.DOTALL),
}
