"""Columns whose constants the user has changed before: likely to be changed again."""

from collections.abc import Iterator

from speql_speculator.predicting.history import History
from speql_speculator.predicting.words import Word, read

_CONDITIONS = ("where", "having", "on", "qualify")


def changing_constants(text: str, history: History, dialect: str = "duckdb") -> dict[str, float]:
    """Folded names of columns, with the share of earlier runs of this statement in which their constant was another.

    Earlier runs are the texts of past statements with the same words but for literals. Empty if there are none.

    >>> from speql_speculator.predicting.tree_hash import TreeHash
    >>> from speql_sql import Catalog
    >>> history = History(TreeHash())
    >>> history.record("SELECT a FROM t WHERE y = 2000 AND b = 1", Catalog(), 0.0)
    True
    >>> changing_constants("SELECT a FROM t WHERE y = 2001 AND b = 1", history)
    {'y': 1.0}
    """
    words = read(text, dialect).words
    shapes = [word.shape for word in words]
    alike = (one.statement for one in history.neighbours(text))
    constants = dict(_constants(words))
    changed: dict[str, int] = {}
    runs = 0
    for statement in (one for one in alike if [word.shape for word in one.words] == shapes):
        for past in statement.texts:
            earlier = dict(_constants(read(past, dialect).words))
            differing = {
                column for (column, place), value in constants.items() if earlier.get((column, place)) != value
            }
            if past == text or earlier.keys() != constants.keys():
                continue
            runs += 1
            for column in differing:
                changed[column] = changed.get(column, 0) + 1
    return {column: count / runs for column, count in sorted(changed.items(), key=lambda one: -one[1])}


def _constants(words: tuple[Word, ...]) -> Iterator[tuple[tuple[str, int], str]]:
    """Each constant of a condition, by the column before it and its place among the words."""
    column = ""
    for place, word in enumerate(words):
        if word.kind == "column":
            column = word.shape
        elif word.kind == "literal" and column and word.clause in _CONDITIONS:
            yield (column, place), word.name
