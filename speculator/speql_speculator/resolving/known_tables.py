"""The names that a source of FROM may have: those of the catalog's tables and of the CTEs around."""

from collections.abc import Iterable
from itertools import islice

from speql_speculator.resolving.closest_name import closest_names
from speql_speculator.resolving.word_beginning import may_become
from speql_sql import Catalog

MOST = 200
"""In a large catalog so many names that are like one are looked at; among more, none can be told to be meant."""


class KnownTables:
    """Tables and CTEs by name. In a large catalog nothing goes through all of them."""

    def __init__(self, catalog: Catalog, ctes: Iterable[str]) -> None:
        self._catalog = catalog
        self._ctes = list(ctes)

    def closest(self, name: str) -> tuple[str, ...]:
        """The names that may be meant by one that does not exist; see :func:`closest_names`.

        In a large catalog those alone that begin as it does.
        """
        if self._catalog.large:
            return closest_names(name, [*self._catalog.table_names.like(name, MOST), *self._ctes])
        return closest_names(name, self._all())

    def beginning(self, beginning: str) -> list[str]:
        """The names that begin so; none if they are too many to tell one of them from the others."""
        if self._catalog.large:
            found = list(islice(self._catalog.table_names.beginning(beginning), MOST + 1))
            found = found if len(found) <= MOST else []
            return found + [name for name in self._ctes if name.lower().startswith(beginning.lower())]
        return [name for name in self._all() if name.lower().startswith(beginning.lower())]

    def may_become(self, word: str) -> bool:
        """Whether a word may be the beginning of a table's name, of a schema's or of a key word."""
        catalog = self._catalog
        names = self._ctes if catalog.large else self._all()
        return (catalog.large and catalog.table_names.any_beginning(word)) or may_become(
            word, (*names, *catalog.schemas)
        )

    def some(self, most: int) -> list[str]:
        """The first names, in order."""
        if self._catalog.large:
            return list(islice(self._catalog.table_names, most))
        return sorted(self._all())[:most]

    def _all(self) -> dict[str, None]:
        return {**{table.name: None for table in self._catalog.tables}, **dict.fromkeys(self._ctes)}
