"""Whether a word at the cursor may still become something, or is misspelt already."""

from collections.abc import Iterable
from functools import lru_cache

from speql_speculator.parsing.calls import known_functions
from speql_speculator.parsing.keywords import (
    CLAUSE_WORDS,
    CONSTANT_WORDS,
    JOIN_WORDS,
    NO_BARE_ALIAS,
    TYPE_WORDS,
    UNIT_WORDS,
)


def may_become(word: str, names: Iterable[str]) -> bool:
    """Whether ``word`` is the beginning of one of ``names``, of a key word or of a function.

    What is the beginning of nothing is not unfinished but misspelt, as far as can be told.

    >>> may_become("dep_d", ["dep_delay"]), may_become("dep_dealy", ["dep_delay"])
    (True, False)
    """
    folded = word.lower()
    return any(name.lower().startswith(folded) for name in names) or any(
        known.startswith(folded) for known in _known_words()
    )


@lru_cache(maxsize=1)
def _known_words() -> frozenset[str]:
    words = CLAUSE_WORDS | CONSTANT_WORDS | JOIN_WORDS | NO_BARE_ALIAS | TYPE_WORDS | UNIT_WORDS
    more = {"exists", "values", "information_schema", "pg_catalog", "interval", "tables", "columns"}
    table_functions = {"read_csv_auto", "read_json_auto", "read_ndjson", "generate_series", "range", "glob", "unnest"}
    return known_functions() | {word.lower() for word in words} | more | table_functions
