"""Whether a model should be asked about what the rules made of a statement."""

from typing import Literal

from speql_speculator.language_model.difference import CODE
from speql_speculator.parsing.keywords import QUERY_WORDS, STATEMENT_WORDS
from speql_speculator.repair import Repair
from speql_speculator.resolving.closest_name import closest_names
from speql_speculator.tokens import tokenize

_BEGINNING = 2_000
"""The first words are looked for in so many characters: this is asked on the event loop."""

Verdict = Literal["yes", "no", "if-unbound"]

_NOTHING_TO_ASK = frozenset({"empty", "unfinished", "too-long", "too-deep", "several-statements"})

_OTHER_STATEMENTS_TEXT = """
ABORT ADD ASSIGN BULK CACHE CLOSE CLUSTER DECLARE DENY DISCARD DO END EXEC FETCH GET GO IF KILL LIST LISTEN LOCK MOVE
MSCK NOTIFY PRINT PUT REINDEX RELEASE REMOVE RENAME REPLACE RETURN SAVEPOINT TABLE UNCACHE UNDROP UNLOCK UPSERT WHILE
"""
_OTHER_STATEMENTS = frozenset(_OTHER_STATEMENTS_TEXT.split())
"""First words of statements of other engines than DuckDB."""

MAX_LENGTH = 20_000
"""Texts longer than this (code points) are not sent: a model has little to say about them, at a high price."""

FEWEST_WORDS = 3
"""Of fewer words nobody knows what they will be."""


def worth_asking(repaired: Repair, below: float, dialect: str = "duckdb") -> Verdict:
    """``yes`` if the rules ended with an error or a confidence lower than ``below``; never about what writes.

    A text that is still open is not asked about for what it lacks: its tables and columns are to come, and the user
    types them faster than a model guesses them. ``if-unbound``: the rules are sure of a query, which the engine may
    refuse all the same.

    >>> from speql_sql import Catalog
    >>> from speql_speculator.repair import repair
    >>> [worth_asking(repair(text, Catalog()), 0.65) for text in ("SELEC a FROM t", "DELTE FROM t", "SELECT a FROM t")]
    ['yes', 'no', 'if-unbound']
    """
    if len(repaired.typed) > MAX_LENGTH:
        return "no"
    if any(problem.code in _NOTHING_TO_ASK for problem in repaired.problems):
        return "no"
    if any(edit.code == CODE for edit in repaired.edits):
        return "no"
    words = [token for token in tokenize(repaired.typed[:_BEGINNING], dialect) if token.kind in ("word", "quoted")]
    if len(words) < FEWEST_WORDS:
        return "no"
    if any(problem.code == "not-a-query" for problem in repaired.problems):
        first = words[0].upper
        others = STATEMENT_WORDS | _OTHER_STATEMENTS
        if first in others or first in QUERY_WORDS or set(closest_names(first, [*others, *QUERY_WORDS])) & others:
            return "no"
        return "yes"
    if any(problem.code in _NOT_READ for problem in repaired.problems):
        return "yes"
    if repaired.sql is None or repaired.query is None:
        return "yes" if _is_whole(repaired) else "no"
    if repaired.problems and repaired.confidence < below and _is_whole(repaired):
        return "yes"
    return "if-unbound"


_NOT_READ = frozenset({"cannot-parse", "cannot-repair", "unexpected-text"})
"""Codes of problems with words that no rule could read, whatever is to come."""

_STILL_OPEN = frozenset(
    {
        "closed",
        "completed",
        "columns-added",
        "main-query-added",
        "table-inferred",
        "unfinished",
        "join-condition",
        "name-completed",
        "word-completed",
    }
)
"""Codes of edits that put in what is still to come."""


def _is_whole(repaired: Repair) -> bool:
    """Whether nothing says that the text goes on."""
    return not any(edit.code in _STILL_OPEN for edit in repaired.edits) and not any(
        problem.code == "missing-from" for problem in repaired.problems
    )
