"""Turns a statement that is being typed into a query that binds, keeping what the user wrote."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from sqlglot import exp

from speql_speculator.by_identity import ByIdentity
from speql_speculator.edits import Edit, moved
from speql_speculator.parsing.closers import without_surplus_closers
from speql_speculator.parsing.keywords import QUERY_WORDS, SET_OPERATORS, STATEMENT_WORDS
from speql_speculator.parsing.known_limit import KnownLimit
from speql_speculator.parsing.known_queries import KnownQueries
from speql_speculator.parsing.missing_words import with_first_word, with_join_word, with_opener, with_window_word
from speql_speculator.parsing.syntax_tree import (
    Branch,
    Clause,
    Cte,
    Nested,
    Node,
    Query,
    Select,
    SelectItem,
    Source,
    Term,
    walk,
)
from speql_speculator.parsing.token_reader import TooDeepError
from speql_speculator.repair_pass import LeftOut, RepairPass
from speql_speculator.tokens import Token, tokenize
from speql_sql import Catalog, Problem, Span

MAX_LENGTH = 200_000
"""Statements longer than this (code points) are not repaired."""

MAX_TOKENS = 20_000
"""Statements of more tokens than this are not repaired: nobody types them."""


@dataclass(frozen=True)
class Repair:
    """A statement as typed, and the query that it stands for.

    ``sql`` is ``typed`` with ``edits`` applied, or None if there is nothing to run; then ``problems`` say why.
    ``query`` is its parsed tree, names not resolved; copy it before changing it. ``confidence`` is 1.0 without edits
    and falls with each edit that guesses. ``cursor`` is the cursor's place in ``sql``.
    """

    typed: str
    sql: str | None
    edits: tuple[Edit, ...] = ()
    confidence: float = 1.0
    problems: tuple[Problem, ...] = ()
    query: exp.Query | None = None
    cursor: int | None = None

    def offset_in_sql(self, offset: int) -> int:
        """Where the place ``offset`` of the typed text is in ``sql``."""
        return moved(offset, self.edits)


def repair(text: str, catalog: Catalog, cursor: int | None = None) -> Repair:
    """The query that ``text`` stands for while it is being typed. Never raises, on any text.

    ``cursor`` is an offset in code points; beyond the end means that white space follows the text; None means the end.
    Without tables in the catalog only the syntax is mended. A result is kept for the last texts asked for.
    """
    key = ByIdentity(catalog)
    limits = _known_limits(key)
    found = limits.find(text, cursor) or _repair(text, key, catalog.version, cursor)
    limits.keep(found, cursor)
    return found


_NOT_READ = ("cannot-parse", "unexpected-text")
"""Codes of edits that leave out what could not be read."""


@lru_cache(maxsize=4)
def _known_limits(catalog: ByIdentity) -> KnownLimit:
    """That of a catalog."""
    return KnownLimit()


@lru_cache(maxsize=4)
def _known_queries(catalog: ByIdentity) -> KnownQueries:
    """Those of a catalog."""
    return KnownQueries()


@lru_cache(maxsize=16)
def _repair(text: str, key: ByIdentity, version: str, cursor: int | None) -> Repair:
    (catalog,) = key.values
    assert isinstance(catalog, Catalog)
    if len(text) > MAX_LENGTH:
        return _nothing(text, "too-long", f"The statement is longer than {MAX_LENGTH:,} characters", "information")
    tokens = _at_cursor_closed(tokenize(text, catalog.dialect), text, catalog.dialect, cursor)
    while tokens and tokens[-1].upper == ";":
        tokens.pop()
    opened = with_opener(tokens, cursor)
    tokens, surplus = without_surplus_closers(tokens, cursor)
    tokens = with_window_word(with_join_word(with_first_word(tokens, cursor), cursor), cursor)
    refusal = _refusal(text, tokens, cursor)
    if refusal is not None and opened is None:
        return refusal
    try:
        if opened is not None:
            found = _best(text, with_first_word(opened, cursor), catalog, cursor)
            if found.sql is not None and not any(edit.code in _NOT_READ for edit in found.edits):
                return found
        if refusal is not None:
            return refusal
        found = _best(text, tokens, catalog, cursor, surplus=surplus)
        whole = found.sql is not None and all(edit.code != "cannot-parse" for edit in found.edits)
        return found if whole else _without_last_words(text, tokens, catalog, cursor, surplus) or found
    except (TooDeepError, RecursionError):
        return _nothing(text, "too-deep", "The statement nests too deeply to be repaired", "information")


def _nothing(text: str, code: str, message: str, severity: str, hint: str = "") -> Repair:
    problem = Problem(code, message, Span(0, len(text)), "information" if severity == "information" else "error", hint)
    return Repair(text, None, confidence=0.0, problems=(problem,))


def _refusal(text: str, tokens: list[Token], cursor: int | None) -> Repair | None:
    """The answer for what is no query at all."""
    if not tokens:
        return _nothing(text, "empty", "There is no statement here", "information")
    if len(tokens) > MAX_TOKENS:
        return _nothing(text, "too-long", f"The statement has more than {MAX_TOKENS:,} words", "information")
    if any(token.upper == ";" for token in tokens):
        return _nothing(text, "several-statements", "One statement at a time can be repaired", "information")
    first = next((token for token in tokens if token.upper != "("), tokens[0])
    word = first.upper if first.kind == "word" else ""
    writes = word in ("SELECT", "FROM", "WITH") and _writes(tokens)
    if (word in QUERY_WORDS and not writes) or first.upper == "(":
        return None
    if word in SET_OPERATORS and cursor is not None and cursor <= first.end:
        # The cursor is in the place of its first side.
        return None
    beginning = bool(word) and not writes and word not in STATEMENT_WORDS
    at_cursor = first.start < (-1 if cursor is None else cursor) <= first.end
    if beginning and at_cursor and first is not tokens[-1] and any(other.startswith(word) for other in QUERY_WORDS):
        # Half of SELECT, being typed in front of the rest: the parser completes it.
        return None
    half = first.end >= (len(text) if cursor is None else cursor)
    known = [*QUERY_WORDS, *STATEMENT_WORDS]
    if beginning and half and any(other.startswith(word) for other in known):
        return _nothing(text, "unfinished", "There is nothing to run yet", "information")
    return _nothing(
        text,
        "not-a-query",
        "Only a query is run while it is typed; this statement is not",
        "information",
        "Submit it to run it.",
    )


_CHANGES = frozenset({"INSERT", "UPDATE", "DELETE", "MERGE"})


def _writes(tokens: list[Token]) -> bool:
    """Whether a statement that begins like a query changes something: WITH ... INSERT, SELECT ... INTO.

    In a CTE, too: ``WITH a AS (INSERT ... RETURNING ...) SELECT ...``.
    """
    depth = 0
    for index, token in enumerate(tokens):
        if token.kind == "punctuation":
            depth += (token.upper == "(") - (token.upper == ")")
        elif token.kind == "word" and token.upper in _CHANGES and index > 1 and tokens[0].upper == "WITH":
            before = tokens[index - 2].upper, tokens[index - 1].upper
            if (depth == 0 and before[1] == ")") or before in (("AS", "("), ("MATERIALIZED", "(")):
                return True
        elif token.kind == "word" and depth == 0 and token.upper == "INTO":
            return True
    return False


def _at_cursor_closed(tokens: list[Token], text: str, dialect: str, cursor: int | None) -> list[Token]:
    """The tokens, with a string that was opened at the cursor closed there.

    A quote typed in the middle of a line pairs with the next one, and the last quote of the line is left open. If the
    cursor is inside a string and a later one is open, the text is read again with the first one ending at the cursor.
    """
    if cursor is None or not any(token.closer for token in tokens):
        return tokens
    inside = next((token for token in tokens if token.start < cursor < token.end), None)
    if inside is None or cursor >= len(text) or inside.text[:1] not in ("'", '"', "`"):
        return tokens
    head = [token for token in tokens if token.end <= inside.start]
    piece = text[inside.start : cursor].rstrip()
    spelling = piece if inside.kind == "string" else ""
    opened = Token(inside.kind, inside.start, inside.start + len(piece), piece, spelling, inside.text[0])
    tail = tokenize(text[cursor:], dialect)
    for token in tail:
        token.start += cursor
        token.end += cursor
    if any(token.closer for token in tail):
        return tokens
    return [*head, opened, *tail]


def _without_last_words(
    text: str, tokens: list[Token], catalog: Catalog, cursor: int | None, surplus: Sequence[Token]
) -> Repair | None:
    """What is left without the one or two words that end at the cursor, if the rest of the text goes on behind it.

    A key word typed in the middle of a query may turn all that follows into something that means nothing yet.
    """
    gap = next((index for index, token in enumerate(tokens) if cursor is not None and token.start >= cursor), 0)
    if not gap or cursor is None or tokens[gap - 1].end < cursor:
        return None
    for count in (1, 2):
        first = gap - count
        if first < 1:
            break
        dropped = tokens[first:gap]
        found = _best(text, [*tokens[:first], *tokens[gap:]], catalog, cursor, dropped, surplus)
        if found.sql is not None and all(edit.code != "cannot-parse" for edit in found.edits):
            return replace(found, confidence=round(found.confidence * 0.7, 3))
    return None


# -- one pass, and stronger ones if that does not parse ------------------------------------------------------------


def _best(
    text: str,
    tokens: list[Token],
    catalog: Catalog,
    cursor: int | None,
    dropped: Sequence[Token] = (),
    surplus: Sequence[Token] = (),
) -> Repair:
    """The result of the first pass that parses; each further pass leaves out more around the place that did not."""
    spellings = [token.upper for token in tokens]
    left_out: list[LeftOut] = []
    last: RepairPass | None = None
    for attempt in range(_MAX_TRIES):
        for token, spelling in zip(tokens, spellings, strict=True):
            token.upper = spelling
        known = _known_queries(ByIdentity(catalog)) if attempt == 0 else KnownQueries()
        current = RepairPass(text, tokens, catalog, cursor, left_out, dropped, surplus, known)
        if current.query is not None:
            current.remember(known)
        if current.sql is None or current.query is not None:
            return _result(current, attempt)
        last = current
        target = _next_target(current, cursor, left_out)
        if target is None:
            break
        left_out.append(target)
    message = last.error if last is not None else "This cannot be read"
    return Repair(
        text,
        None,
        confidence=0.0,
        problems=(
            *(last.analysis.problems if last is not None else ()),
            Problem("cannot-repair", f"This cannot be turned into a query: {message}", Span(0, len(text))),
        ),
    )


_MAX_TRIES = 8


def _result(found: RepairPass, attempt: int) -> Repair:
    """The repair that a pass comes to; ``attempt`` is how many passes came before it."""
    problems = list(found.analysis.problems)
    codes = {problem.code for problem in problems}
    problems += (
        Problem("left-out" if edit.code == "unfinished" else edit.code, edit.reason, edit.span, "warning")
        for edit in found.edits
        if edit.code in _NOT_READ
        # What is left out because its table is, is told with the table.
        or (edit.code not in codes and not (codes and edit.code == "left-out") and _leaves_out_elsewhere(edit, found))
    )
    if found.sql is None:
        problems += found.analysis.unfinished
        if not problems:
            message = "There is nothing to run yet"
            problems.append(Problem("unfinished", message, Span(0, len(found.text)), "information"))
        return Repair(found.text, None, confidence=0.0, problems=tuple(problems))
    confidence = _confidence(found.edits, found.analysis.quality) * 0.7**attempt
    if any(token == found.parser.half and code == "name-corrected" for token, _, code, _ in found.analysis.replaced):
        # It may have been on the way to something else.
        confidence *= 0.85
    cursor = None if found.cursor is None else moved(min(found.cursor, len(found.text)), found.edits)
    return Repair(found.text, found.sql, found.edits, round(confidence, 3), tuple(problems), found.query, cursor)


_RENAMES = ("name-completed", "name-corrected", "word-completed", "alias-added")
"""Codes of edits that put a name in place of one that does not exist, or of the beginning of a word."""


def _leaves_out_elsewhere(edit: Edit, found: RepairPass) -> bool:
    """Whether an edit takes words away and something that stays is between them and the cursor.

    What has nothing between it and the cursor is being typed.
    """
    if edit.span.start == edit.span.end or edit.code in _RENAMES:
        return False
    cursor = len(found.text) if found.cursor is None else found.cursor
    if edit.span.start <= cursor <= edit.span.end:
        return False
    start, end = (edit.span.end, cursor) if edit.span.end < cursor else (cursor, edit.span.start)
    between = list(found.text[start:end])
    for other in (other for other in found.edits if other.code not in _RENAMES):
        low, high = max(other.span.start - start, 0), max(other.span.end - start, 0)
        between[low:high] = " " * len(between[low:high])
    return bool("".join(between).strip())


def _confidence(edits: Iterable[Edit], quality: int) -> float:
    confidence = 1.0
    for edit in edits:
        confidence *= _TRUST.get(edit.code, 0.9)
    return confidence * {3: 1.0, 2: 0.9, 1: 0.7}.get(quality, 0.7)


_TRUST = {
    "closed": 0.99,
    "unfinished": 0.97,
    "completed": 0.95,
    "columns-added": 0.95,
    "main-query-added": 0.95,
    "word-completed": 0.9,
    "separated": 0.9,
    "alias-added": 0.95,
    "group-by-added": 0.95,
    "qualified": 0.95,
    "padded": 0.9,
    "join-condition": 0.9,
    "name-completed": 0.85,
    "name-corrected": 0.85,
    "table-inferred": 0.8,
    "left-out": 0.6,
    "unknown-column": 0.6,
    "unknown-alias": 0.6,
    "unknown-table": 0.6,
    "wrong-type": 0.6,
    "nested-aggregate": 0.6,
    "not-grouped": 0.7,
    "unexpected-text": 0.5,
    "cannot-parse": 0.5,
}


def _next_target(current: RepairPass, cursor: int | None, tried: list[LeftOut]) -> LeftOut | None:
    """The smallest part around the place that does not parse, or around the cursor, that was not left out yet."""
    places: list[int] = []
    if current.error_offset is not None:
        places.append(_typed_offset(current.error_offset, current.edits))
    places.append(len(current.text) if cursor is None else cursor)
    parser = current.parser
    for place in places:
        token = next(
            (index for index in range(parser.count - 1, -1, -1) if parser.tokens[index].start <= max(place - 1, 0)), 0
        )
        around = [
            node
            for node in walk(current.tree)
            if node.first <= token < node.last and node.kept and _may_go(node, current.tree)
        ]
        for node in sorted(around, key=lambda node: node.last - node.first):
            target = LeftOut(type(node), node.first, node.last)
            if target not in tried:
                return target
    return None


def _may_go(node: Node, tree: Query) -> bool:
    return node is not tree and isinstance(node, (Term, SelectItem, Clause, Branch, Source, Cte, Nested, Select))


def _typed_offset(offset: int, edits: tuple[Edit, ...]) -> int:
    """The place in the typed text of one in the edited text."""
    shift = 0
    for edit in edits:
        if edit.span.start + shift + len(edit.new_text) > offset:
            return min(edit.span.start, max(offset - shift, 0)) if edit.span.start + shift <= offset else offset - shift
        shift += len(edit.new_text) - (edit.span.end - edit.span.start)
    return offset - shift
