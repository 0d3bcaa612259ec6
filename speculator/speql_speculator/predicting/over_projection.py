"""Which predicted columns a speculated result gets in addition, so that it serves the next query too."""

from collections.abc import Hashable, Sequence

from speql_speculator.predicting.likely_columns import LikelyColumn

LEAST_SCORE = 0.5
"""A column less likely than this is not worth its bytes."""

MOST = 3
"""At most so many columns are added by prediction."""


class OverProjection:
    """Chooses columns and stays with its choice: a result with other columns at each keystroke serves nobody.

    The choice for one set of tables is kept until another set is asked for; it only grows, up to `MOST`.
    """

    def __init__(self) -> None:
        self._tables: Hashable = None
        self._chosen: tuple[str, ...] = ()

    def choose(self, tables: Hashable, predicted: Sequence[LikelyColumn]) -> tuple[str, ...]:
        """Folded names of the columns to add while ``tables`` are read, the first chosen first."""
        if tables != self._tables:
            self._tables, self._chosen = tables, ()
        likely = (column.name.lower() for column in predicted if column.score >= LEAST_SCORE and column.table)
        self._chosen = tuple(dict.fromkeys((*self._chosen, *likely)))[:MOST]
        return self._chosen
