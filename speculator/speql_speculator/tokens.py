"""An error-tolerant lexer view of SQL text: tokens with exact code-point spans, on any text.

sqlglot's own tokenizer raises on an open string, and hides where comments were; an editor's text has both all the
time. So the spans come from here, and sqlglot only sees the repaired text.

What is open is closed by guess, so that one quote typed too early does not swallow the statements that follow:

- a string, dollar quote or comment with no end in the text ends at the end of its line;
- a string over several lines whose closing quote is followed by a letter, a digit or another quote is taken for an open
  one too: that quote is much likelier to open the next string than to close this one;
- a quoted identifier never goes over the end of its line.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from sqlglot.dialects.dialect import Dialect

TokenKind = Literal[
    "word", "quoted", "string", "number", "operator", "parameter", "punctuation", "comment", "stretch", "end"
]


@dataclass(slots=True)
class Token:
    """A token: ``text`` as typed, ``upper`` folded for words (none for quoted identifiers), ``closer`` what is missing.

    ``kind`` is ``punctuation`` for ``( ) [ ] { } , . ;``; then ``upper`` is the character.
    """

    kind: TokenKind
    start: int
    end: int
    text: str
    upper: str
    closer: str = ""

    @property
    def name(self) -> str:
        """The identifier that this token spells, quotes removed."""
        if self.kind != "quoted":
            return self.text
        inner = self.text[1:] if self.closer else self.text[1:-1]
        closing = {"[": "]"}.get(self.text[0], self.text[0])
        return inner.replace(closing * 2, closing)


def tokenize(text: str, dialect: str = "duckdb", *, comments: bool = False) -> list[Token]:
    """The tokens of ``text`` in order, in linear time; never raises. Comments only if asked for.

    >>> [(token.text, token.closer) for token in tokenize("SELECT 'ab FROM")]
    [('SELECT', ''), ("'ab FROM", "'")]
    """
    return [token for token in _scan(text, dialect) if comments or token.kind != "comment"]


def open_comments(text: str, dialect: str = "duckdb") -> list[Token]:
    """The comments that have a beginning and no end."""
    if "/*" not in text:  # nearly always, and looking costs as much as reading all tokens
        return []
    return [token for token in _scan(text, dialect) if token.kind == "comment" and token.closer]


def tokenize_coarsely(text: str, dialect: str, words: frozenset[str], start: int = 0) -> Iterator[Token]:
    """As :func:`tokenize` with comments, but what is neither quoted, a parenthesis, a ``;`` nor one of ``words``
    comes in long stretches: several times faster, for those who only look for structure.

    Tokens depend on what follows them and on nothing before: from a ``start`` where a token begins come the tokens
    that come there from the beginning of the text.
    """
    return _scan(text, dialect, words, start)


_BYTE_ORDER_MARK = "\ufeff"
_WORD = r"[^\W\d][\w$]*"
_TSQL = ("tsql", "fabric")
_TSQL_WORD = r"#{0,2}[^\W\d][\w$#@]*"
"""A temporary table's name begins with one mark or two."""
_AT_PARAMETERS = (*_TSQL, "bigquery")
"""Dialects in which ``@name`` is a parameter or variable; elsewhere the mark is an operator."""
_DUCKDB_COLON = r"(?<![\w'\"\]\)}\[])"
"""Not behind a key, the name of a column, an index or ``[``: there the mark stands between two of DuckDB's operands."""
_NUMBER = r"0[xX][0-9a-fA-F]+|(?:\d[\d_]*)(?:\.(?!\.)\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?"
_OPERATOR = (
    r"#>>|#>|@\?|@@|\?\||\?&|->>|->|::|:=|=>|<=>|<=|>=|<>|!=|==|\|\||!~~\*|!~~|~~\*|~~~|~~|!~\*|!~|~\*|<<|>>|&&|@>|<@|\*\*|//"
    r"|[-+*/%^<>=~!@#&|:?`\\$]"
)
_TAG = re.compile(r"\$(?:[^\W\d]\w*)?\$")
_COMMENT_MARK = re.compile(r"/\*|\*/")


@dataclass(frozen=True)
class _Lexicon:
    master: re.Pattern[str]
    backslash: bool
    nested_comments: bool


@lru_cache(maxsize=64)
def _lexicon(dialect: str, words: frozenset[str] | None) -> _Lexicon:
    """The lexical rules of a dialect, read from sqlglot's own tokenizer classes; ``words`` as for the coarse view."""
    rules = Dialect.get_or_raise(dialect or None).tokenizer_class
    identifiers = {mark if isinstance(mark, str) else mark[0] for mark in rules.IDENTIFIERS}
    quotes = {mark for mark in rules.QUOTES if isinstance(mark, str) and len(mark) == 1} - identifiers
    kinds = (rules.BIT_STRINGS, rules.BYTE_STRINGS, rules.HEX_STRINGS, rules.RAW_STRINGS, rules.UNICODE_STRINGS)
    marks = [mark if isinstance(mark, str) else mark[0] for kind in kinds for mark in kind]
    prefixes = {"E", "N"} | {mark[:-1].upper() for mark in marks if re.fullmatch(r"[^\W\d][\w&]*['\"]", mark)}
    if dialect == "duckdb":
        prefixes |= {"B", "X"}  # sqlglot cannot read them there, but they begin no name
    quote = f"[{re.escape(''.join(sorted(quotes)))}]"
    prefixed = rf"(?i:{'|'.join(sorted(prefixes))}){quote}"
    line_comments = [re.escape(mark) for mark in rules.COMMENTS if isinstance(mark, str)]
    parts = [
        ("line", rf"(?:{'|'.join(line_comments)})[^\r\n]*"),
        ("block", r"/\*"),
        ("prefixed", prefixed),
        ("word", _TSQL_WORD if dialect in _TSQL else _WORD),
        ("number", _NUMBER),
        ("string", quote),
        ("identifier", f"[{re.escape(''.join(sorted(identifiers - {'['})))}]"),
        ("dollar", _TAG.pattern),
        ("parameter", rf"\$\w+|{_DUCKDB_COLON if dialect == 'duckdb' else ''}:[^\W\d]\w*(?<!::)|\?(?![|&])"),
        ("operator", _OPERATOR),
        ("punctuation", r"[()\[\]{},.;]"),
        ("other", r"."),
    ]
    if "[" in identifiers:
        parts.insert(0, ("bracket", r"\[[^\]\r\n]*\]?"))
    if dialect in _AT_PARAMETERS:
        parts.insert(0, ("parameter_at", r"@@?\w+"))
    if not rules.HEREDOC_STRINGS:
        parts = [(name, pattern) for name, pattern in parts if name != "dollar"]
    if words is not None:
        some_word = rf"(?i:{'|'.join(sorted(words))})(?![\w$])"
        special = re.escape("".join(sorted(quotes | identifiers | {mark[0] for mark in map(str, rules.COMMENTS)})))
        stretch = rf"(?:(?!{some_word}|{prefixed})[^\W\d][\w$]*|\d[\w$.]*|[^\w()\[;$/\-#{special}]+)+"
        parts = [part for part in parts if part[0] != "number"]
        parts = [(name, some_word if name == "word" else pattern) for name, pattern in parts]
        parts.insert(0, ("stretch", stretch))
    choices = "|".join(f"(?P<{name}>{pattern})" for name, pattern in parts)
    if words is None:
        choices = rf"\s*(?:{choices}|(?P<end>\Z))"  # white space is half of all there is to match
    return _Lexicon(
        master=re.compile(choices, re.DOTALL),
        backslash="\\" in rules.STRING_ESCAPES,
        nested_comments=bool(rules.NESTED_COMMENTS),
    )


def _scan(text: str, dialect: str, words: frozenset[str] | None = None, start: int = 0) -> Iterator[Token]:
    lexicon = _lexicon(dialect, words)
    match_at = lexicon.master.match
    marks = _Marks(text, lexicon.nested_comments)
    position, length = start or int(text.startswith(_BYTE_ORDER_MARK)), len(text)
    while position < length:
        match = match_at(text, position)
        if match is None:  # pragma: no cover - the last alternative matches any character
            return
        kind, end = match.lastgroup, match.end()
        assert kind is not None, "each alternative is a group"
        start = match.start(kind)
        closer = ""
        token_kind: TokenKind
        if kind == "word":
            position = end
            word = text[start:end]
            yield Token("word", start, end, word, word.upper())
            continue
        if kind == "stretch":
            position = end
            stretch = text[start:end]
            if stripped := stretch.strip():
                start += len(stretch) - len(stretch.lstrip())
                yield Token("stretch", start, start + len(stripped), stripped, "")
            continue
        if kind == "punctuation":
            position = end
            yield Token("punctuation", start, end, text[start], text[start])
            continue
        if kind == "end":
            return
        if kind == "line":
            token_kind = "comment"
        elif kind == "block":
            token_kind = "comment"
            end, closer = marks.comment_end(start)
        elif kind in ("string", "prefixed"):
            token_kind = "string"
            backslash = lexicon.backslash or text[start] in "eE"
            end, closer = _string_end(text, end, text[end - 1], backslash)
        elif kind == "identifier":
            token_kind = "quoted"
            end, closer = _identifier_end(text, start)
        elif kind == "bracket":
            token_kind = "quoted"
            closer = "" if text[end - 1] == "]" else "]"
        elif kind == "dollar":
            token_kind = "string"
            end, closer = marks.dollar_end(match)
        else:
            token_kind = "number" if kind == "number" else "operator"
            if kind in ("parameter", "parameter_at"):
                token_kind = "parameter"
        position = end
        token_text = text[start:end]
        yield Token(token_kind, start, end, token_text, "" if token_kind == "quoted" else token_text, closer)


_STRING_BODY = {
    (quote, backslash): re.compile(
        rf"(?:[^{quote}\\]|{quote}{quote}|\\.)*+{quote}" if backslash else rf"(?:[^{quote}]|{quote}{quote})*+{quote}",
        re.DOTALL,
    )
    for quote in "'\""
    for backslash in (False, True)
}
_IDENTIFIER_BODY = {quote: re.compile(rf"(?:[^{quote}\r\n]|{quote}{quote})*+{quote}") for quote in '"`'}


def _string_end(text: str, inside: int, quote: str, backslash: bool) -> tuple[int, str]:
    """Where the string whose first character is at ``inside`` ends, and the closing quote if that is missing."""
    match = _STRING_BODY[quote, backslash].match(text, inside)
    if match is not None:
        end = match.end()
        over_lines = text.find("\n", inside, end) >= 0 or text.find("\r", inside, end) >= 0
        following = text[end : end + 1]
        if not over_lines or not (following.isalnum() or (following and following in "_%")):
            return end, ""
    return _line_end(text, inside), quote


def _identifier_end(text: str, start: int) -> tuple[int, str]:
    match = _IDENTIFIER_BODY[text[start]].match(text, start + 1)
    return (match.end(), "") if match else (_line_end(text, start + 1), text[start])


_LINE_BREAK = re.compile(r"[\r\n]|\Z")


def _line_end(text: str, position: int) -> int:
    """The end of the line, white space before it left out, but never before ``position``."""
    match = _LINE_BREAK.search(text, position)
    end = match.start() if match else len(text)
    while end > position and text[end - 1].isspace():
        end -= 1
    return end


_NEAR = 10_000
"""So far an end is looked for where it usually is; then all marks of the text are paired, once."""


class _Marks:
    """Ends of block comments and dollar quotes.

    The end is nearly always near. Searching from every opening mark to the end of the text would be quadratic on one
    with many that are never closed, so for the others each kind is found in one pass over the text.
    """

    def __init__(self, text: str, nested: bool) -> None:
        self._text = text
        self._nested = nested
        self._comments: dict[int, int | None] | None = None
        self._tags: dict[str, list[int]] | None = None

    def comment_end(self, start: int) -> tuple[int, str]:
        end = None
        if self._comments is None:
            end = self._comment_end_before(start, start + _NEAR)
            if end is None:
                self._comments = self._comment_pairs()
        if self._comments is not None:
            # In `*/*` the pairs see the end of a comment first; whoever asks knows that one begins.
            known = start in self._comments
            end = self._comments[start] if known else self._comment_end_before(start, len(self._text))
        return (end, "") if end is not None else (_line_end(self._text, start + 2), " */")

    def _comment_end_before(self, start: int, limit: int) -> int | None:
        depth = 0
        for mark in _COMMENT_MARK.finditer(self._text, start, limit):
            if mark.group() == "/*":
                depth += 1
            elif depth == 1 or not self._nested:
                return mark.end()
            else:
                depth -= 1
        return None

    def _comment_pairs(self) -> dict[int, int | None]:
        pairs: dict[int, int | None] = {}
        open_marks: list[int] = []
        for mark in _COMMENT_MARK.finditer(self._text):
            if mark.group() == "/*":
                open_marks.append(mark.start())
                pairs[mark.start()] = None
            elif self._nested:
                if open_marks:
                    pairs[open_marks.pop()] = mark.end()
            else:
                # Without nesting the first end closes every comment opened before it.
                pairs.update((opening, mark.end()) for opening in open_marks)
                open_marks.clear()
        return pairs

    def dollar_end(self, opening: re.Match[str]) -> tuple[int, str]:
        tag, inside = opening["dollar"], opening.end()
        if self._tags is None:
            found = self._text.find(tag, inside, inside + _NEAR)
            if found >= 0:
                return found + len(tag), ""
            self._tags = {}
            # Overlapping marks (``$$$``) are found with a look-ahead.
            for mark in re.finditer(rf"(?=({_TAG.pattern}))", self._text):
                self._tags.setdefault(mark.group(1), []).append(mark.start())
        positions = self._tags.get(tag, [])
        index = bisect_left(positions, inside)
        if index < len(positions):
            return positions[index] + len(tag), ""
        return _line_end(self._text, inside), tag
