"""A statement as the sequence of what it says: what is compared when two statements are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args

from speql_speculator.parsing.keywords import (
    CONSTANT_WORDS,
    JOIN_WORDS,
    NO_BARE_ALIAS,
    RESERVED,
    SET_OPERATORS,
    TYPE_WORDS,
    UNIT_WORDS,
)
from speql_speculator.tokens import Token, tokenize

WordKind = Literal["keyword", "column", "table", "alias", "literal", "call", "mark"]
Clause = Literal["", "with", "select", "from", "on", "where", "group", "having", "qualify", "window", "order", "limit"]

CLAUSES: tuple[Clause, ...] = get_args(Clause)

NUMBER, STRING, PARAMETER, NEW_NAME = "<number>", "<string>", "<parameter>", "<name>"


@dataclass(frozen=True, slots=True)
class Word:
    """A token of a statement with its meaning, as far as the text before it tells.

    ``shape`` is what counts when statements are compared: keywords and names folded, literals and new names by their
    kind. A column's qualifier belongs to the word: ``qualifier`` is as written, ``start`` is where it begins.
    ``clause`` is that of the SELECT around it, ``select`` that SELECT's number in the text (-1 outside all), ``depth``
    the parentheses around it, ``call`` the innermost function whose arguments it is in.
    """

    kind: WordKind
    shape: str
    start: int
    end: int
    clause: Clause
    select: int
    depth: int
    name: str = ""
    qualifier: str = ""
    call: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """The words of a text and the state behind the last one: what a word that is added there would have."""

    words: tuple[Word, ...]
    clause: Clause
    select: int
    depth: int
    call: str
    after_operand: bool


@dataclass(slots=True)
class _Frame:
    """One parenthesis level, while reading."""

    clause: Clause
    select: int
    call: str = ""
    operand: bool = False
    is_query: bool = False


_CLAUSES: dict[str, Clause] = {
    "WITH": "with",
    "SELECT": "select",
    "FROM": "from",
    "JOIN": "from",
    "ON": "on",
    "USING": "on",
    "WHERE": "where",
    "GROUP": "group",
    "HAVING": "having",
    "QUALIFY": "qualify",
    "WINDOW": "window",
    "ORDER": "order",
    "LIMIT": "limit",
    "OFFSET": "limit",
}
_KEYWORDS = RESERVED | JOIN_WORDS | NO_BARE_ALIAS | {"ROLLUP", "CUBE", "SETS", "GROUPING", "OVER", "NULLS", "RECURSIVE"}
_BOUNDS = frozenset({"PRECEDING", "FOLLOWING"})
_BEHIND_IT = {
    "PARTITION": frozenset({"BY"}),
    "UNBOUNDED": _BOUNDS,
    "CURRENT": frozenset({"ROW"}),
    "ROWS": frozenset({"BETWEEN", "UNBOUNDED", "CURRENT"}),
    "RANGE": frozenset({"BETWEEN", "UNBOUNDED", "CURRENT"}),
}
_BEFORE_IT = {
    "FIRST": frozenset({"NULLS"}),
    "LAST": frozenset({"NULLS"}),
    "ROW": frozenset({"CURRENT"}),
    **dict.fromkeys(_BOUNDS, frozenset({"UNBOUNDED", NUMBER})),
}
_CALLED_TOO = frozenset({"CAST", "LEFT", "RIGHT"})
_OPENS_OPERAND = frozenset({"END", "NULL", "TRUE", "FALSE"})


@lru_cache(maxsize=64)
def read(text: str, dialect: str = "duckdb") -> Reading:
    """The words of one statement, which need not parse. Never raises, linear time; the last texts are remembered.

    >>> [word.shape for word in read("SELECT a.x AS y FROM t a WHERE x = 3").words]
    ['SELECT', 'x', '<name>', 'FROM', 't', '<name>', 'WHERE', 'x', '=', '<number>']
    """
    return _Reader(tokenize(text, dialect)).read()


def tables_named(text: str, dialect: str = "duckdb") -> Iterator[str]:
    """Folded names of the tables and CTEs that a statement reads, in the order of the text."""
    return (word.shape for word in read(text, dialect).words if word.kind == "table")


class _Reader:
    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = [token for token in tokens if token.kind != "end"]
        self._frames = [_Frame("", -1)]
        self._selects = 0
        self._words: list[Word] = []
        self._at = 0

    def read(self) -> Reading:
        while self._at < len(self._tokens):
            token = self._tokens[self._at]
            if token.kind in ("word", "quoted"):
                self._word(token)
            elif token.kind in ("number", "string", "parameter"):
                shape = {"number": NUMBER, "string": STRING}.get(token.kind, PARAMETER)
                self._add("literal", shape, token.start, token.end, name=token.text)
                self._top.operand = True
            else:
                self._mark(token)
            self._at += 1
        top = self._top
        return Reading(tuple(self._words), top.clause, top.select, len(self._frames) - 1, top.call, top.operand)

    @property
    def _top(self) -> _Frame:
        return self._frames[-1]

    def _add(self, kind: WordKind, shape: str, start: int, end: int, name: str = "", qualifier: str = "") -> None:
        top = self._top
        self._words.append(
            Word(kind, shape, start, end, top.clause, top.select, len(self._frames) - 1, name, qualifier, top.call)
        )

    def _mark(self, token: Token) -> None:
        if token.upper == "(":
            before = self._words[-1] if self._words else None
            touching = before is not None and before.kind == "call"
            self._add("mark", "(", token.start, token.end)
            top = self._top
            top.operand = False
            call = before.shape if before is not None and touching else top.call
            self._frames.append(_Frame(top.clause, top.select, call))
            return
        if token.upper == ")":
            if len(self._frames) > 1:
                self._frames.pop()
            self._top.operand = True
            self._add("mark", ")", token.start, token.end)
            return
        if token.text == "*" and not self._top.operand:
            self._top.operand = True
        else:
            self._top.operand = False
        self._add("mark", token.text, token.start, token.end)

    def _word(self, token: Token) -> None:
        top = self._top
        upper = token.upper if token.kind == "word" else ""
        first, last, parts = self._dotted()
        if self._is_star(last):
            self._at = last + 2
            self._add("mark", "*", token.start, self._tokens[self._at].end)
            top.operand = True
            return
        following = self._peek(last + 1)
        if len(parts) == 1 and upper:
            before = self._words[-1].shape if self._words else ""
            if upper in _CLAUSES and not (
                upper in ("ORDER", "GROUP", "WINDOW") and top.operand is False and before == "."
            ):
                self._clause(upper, token)
                return
            called = following is not None and following.upper == "(" and following.kind == "punctuation"
            if upper in _CALLED_TOO and called:
                self._add("call", upper.lower() + "(", token.start, token.end, name=token.name)
                return
            if (upper in _KEYWORDS and upper != "AS") or self._is_phrase(upper, before):
                self._keyword(upper, token)
                return
            if upper == "AS":
                top.operand = True
                self._alias_behind_as(token)
                return
            literal_behind = following is not None and following.kind == "string"
            if (upper in TYPE_WORDS and literal_behind) or upper in CONSTANT_WORDS:
                self._add("keyword", upper, token.start, token.end)
                top.operand = upper in CONSTANT_WORDS
                return
            if top.operand and upper in UNIT_WORDS and before in (NUMBER, STRING):
                self._add("keyword", upper, token.start, token.end)
                return
            if (
                following is not None
                and following.upper == "("
                and following.kind == "punctuation"
                and not (top.operand and top.clause in ("from", "with"))
                and top.clause != "with"
            ):
                self._add("call", upper.lower() + "(", token.start, token.end, name=token.name)
                return
        self._at = last
        start, end = self._tokens[first].start, self._tokens[last].end
        name, qualifier = parts[-1], ".".join(parts[:-1])
        if top.operand or top.clause == "with":
            self._add("alias", NEW_NAME, start, end, name=name)
            return
        kind: WordKind = "table" if top.clause == "from" else "column"
        self._add(kind, name.lower(), start, end, name=name, qualifier=qualifier)
        top.operand = True

    def _is_phrase(self, upper: str, before: str) -> bool:
        """Whether a word that may be a name is a keyword here: ``PARTITION BY``, ``NULLS FIRST``, ``OVER w``."""
        following = self._peek(self._at + 1)
        if before in ("::", "OVER"):
            return True
        if upper == "INTERVAL" and following is not None and following.kind in ("number", "string"):
            return True
        return before in _BEFORE_IT.get(upper, ()) or (
            following is not None and following.upper in _BEHIND_IT.get(upper, ())
        )

    def _alias_behind_as(self, as_token: Token) -> None:
        following = self._peek(self._at + 1)
        if (
            following is None
            or following.kind not in ("word", "quoted")
            or following.upper in ("SELECT", "MATERIALIZED")
        ):
            self._add("keyword", "AS", as_token.start, as_token.end)
            return
        self._at += 1
        kind_is_type = self._top.call in ("cast(", "try_cast(")
        shape = following.upper if kind_is_type else NEW_NAME
        self._add("keyword" if kind_is_type else "alias", shape, as_token.start, following.end, name=following.name)

    def _clause(self, upper: str, token: Token) -> None:
        top = self._top
        clause = _CLAUSES[upper]
        if upper in ("ORDER", "GROUP") and top.call and not top.is_query:
            # OVER (ORDER BY ...), WITHIN GROUP (...), an aggregate's own ORDER BY: the SELECT's clause stays.
            self._keyword(upper, token)
            return
        if upper == "FROM" and top.call and not top.is_query:
            self._keyword(upper, token)  # EXTRACT(year FROM x), TRIM(a FROM b)
            return
        if upper == "SELECT" or (upper == "WITH" and not top.is_query):
            top.is_query = True
            top.call = ""
            if upper == "SELECT":
                top.select = self._selects
                self._selects += 1
        top.clause, top.operand = clause, False
        self._add("keyword", upper, token.start, token.end)

    def _keyword(self, upper: str, token: Token) -> None:
        top = self._top
        self._add("keyword", upper, token.start, token.end)
        top.operand = upper in _OPENS_OPERAND
        if upper in SET_OPERATORS:
            top.clause, top.select = "", -1

    def _dotted(self) -> tuple[int, int, list[str]]:
        """A name with the names before its dots: its first and last token, and the parts."""
        at, parts = self._at, [self._tokens[self._at].name]
        while (dot := self._peek(at + 1)) is not None and dot.upper == "." and dot.kind == "punctuation":
            part = self._peek(at + 2)
            if part is None or part.kind not in ("word", "quoted"):
                break
            parts.append(part.name)
            at += 2
        return self._at, at, parts

    def _is_star(self, at: int) -> bool:
        """Whether ``.*`` follows: all columns of a table."""
        dot, star = self._peek(at + 1), self._peek(at + 2)
        return dot is not None and star is not None and dot.text == "." and star.text == "*"

    def _peek(self, at: int) -> Token | None:
        return self._tokens[at] if at < len(self._tokens) else None
