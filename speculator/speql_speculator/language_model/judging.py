"""Whether a model's answer may be used: it parses, passes the guard, and keeps the words of the user."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from speql_speculator.edits import apply_edits, moved
from speql_speculator.language_model.difference import difference
from speql_speculator.parsing import keywords
from speql_speculator.repair import Repair, repair
from speql_speculator.resolving.closest_name import closest_names
from speql_speculator.tokens import Token, tokenize
from speql_sql import Catalog, Problem
from speql_sql.guard import GuardPolicy, speculation_problems
from speql_sql.guard_functions import is_built_in
from speql_sql.parse import parse_query

CONFIDENCE = 0.4
"""Lower than that of any repair by rules that is not worth asking a model about."""


@dataclass(frozen=True)
class Judgement:
    """``repairs`` are what the answer may stand for, the likeliest first; if none, ``problem`` says what is wrong."""

    repairs: tuple[Repair, ...] = ()
    problem: Problem | None = None


def judged(typed: str, answer: str, catalog: Catalog, policy: GuardPolicy, cursor: int | None) -> Judgement:
    """The repairs that an answer is, not yet bound: as it is, and finished by the rules where they would change it.

    What runs is never the model's text but the typed one with the edits between the two, so comments stay, and nothing
    gets in that is not in the difference. Where the rules say that tables are multiplied, only what they make of it.
    """
    direct = _judged(typed, answer, catalog, policy, cursor)
    if direct.repairs:
        sql, place = str(direct.repairs[0].sql), direct.repairs[0].cursor
    elif direct.problem is not None and direct.problem.code == "cannot-parse":
        found = difference(typed, answer, dialect=catalog.dialect, cursor=cursor, exists=known_words(typed, catalog))
        sql = apply_edits(typed, found.edits)
        place = None if cursor is None else moved(min(cursor, len(typed)), found.edits)
    else:
        return direct
    finished = repair(sql, catalog, place)
    if finished.sql is None or finished.sql == sql:
        return direct
    by_rules = _judged(typed, finished.sql, catalog, policy, cursor)
    if _JOINED & {edit.code for edit in finished.edits}:
        return by_rules
    return Judgement((*direct.repairs, *by_rules.repairs), direct.problem or by_rules.problem)


def _judged(typed: str, answer: str, catalog: Catalog, policy: GuardPolicy, cursor: int | None) -> Judgement:
    found = difference(typed, answer, dialect=catalog.dialect, cursor=cursor, exists=known_words(typed, catalog))
    if found.problem is not None:
        return Judgement(problem=found.problem)
    sql = apply_edits(typed, found.edits)
    parsed = parse_query(sql, catalog.dialect)
    if parsed.query is None:
        return Judgement(problem=parsed.problem)
    refusals = speculation_problems(parsed.query, policy)
    if refusals:
        return Judgement(problem=refusals[0])
    place = None if cursor is None else moved(min(cursor, len(typed)), found.edits)
    confidence = CONFIDENCE if found.edits else 1.0
    return Judgement((Repair(typed, sql, found.edits, confidence, (), parsed.query, place),))


def known_words(typed: str, catalog: Catalog) -> Callable[[str], bool]:
    """Which words mean something: key words, functions, names of the catalog, and names that the text itself gives."""
    schemas = {name.lower() for name in catalog.schemas}

    def is_table(word: str) -> bool:
        return word in schemas or bool(catalog.named(word))

    tokens = tokenize(typed, catalog.dialect)
    given = {
        token.text.lower()
        for before, token, after in zip([None, *tokens], tokens, [*tokens[1:], None], strict=False)
        if token.kind == "word"
        and (
            (before is not None and before.upper == "AS")
            or (after is not None and after.upper == "AS")
            or (
                before is not None
                and token.upper not in _KEY_WORDS
                and _is_source(before, is_table)
                and _is_alias(token, tokens)
            )
        )
    }

    def exists(word: str) -> bool:
        folded = word.lower()
        return (
            word.upper() in _KEY_WORDS
            or is_table(folded)
            or folded in given
            or folded in catalog.tables_by_column
            or folded in catalog.user_functions
            or is_built_in(folded, "duckdb")
        )

    return exists


def _is_alias(token: Token, tokens: list[Token]) -> bool:
    """Whether a word behind a source is its alias, and not the misspelt beginning of the next clause."""
    qualifies = any(after.upper == "." and one.text.lower() == token.text.lower() for one, after in pairwise(tokens))
    return qualifies or not closest_names(token.text, _FOLLOWING)


def _is_source(token: Token, is_table: Callable[[str], bool]) -> bool:
    """Whether a name behind this is an alias."""
    return token.upper == ")" or is_table(token.text.lower())


_JOINED = {"join-condition", "left-out"}
"""Codes of the rules' edits that keep tables from being multiplied."""

_FOLLOWING = keywords.CLAUSE_WORDS | keywords.JOIN_WORDS | {"ON", "USING"}
"""Words that may stand behind a source."""

_KEY_WORDS = (
    keywords.RESERVED
    | keywords.NO_BARE_ALIAS
    | keywords.STATEMENT_WORDS
    | keywords.TYPE_WORDS
    | keywords.UNIT_WORDS
    | keywords.CONSTANT_WORDS
    | {"OVER", "PARTITION", "ROWS", "RANGE", "PRECEDING", "FOLLOWING", "CURRENT", "ROW", "VALUES", "RECURSIVE", "NULLS"}
)
