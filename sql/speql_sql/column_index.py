"""Which tables of a large catalog have a column: found by a hash of its name."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Generic, Protocol, Self, TypeVar, cast
from zlib import crc32

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

    Entries = NDArray[numpy.uint64]

MOST = 1_000
"""A column that more tables have says nothing of which is meant: no more are given."""

_PLACE = 0xFFFF_FFFF
_CHECKED = 64
"""Of so many tables it is looked up whether they really have the column; two names seldom share a hash."""


class HasColumns(Protocol):
    """A table, as far as this needs to know."""

    def folded_columns(self) -> Iterable[str]:
        """The folded names of its columns."""
        ...


T = TypeVar("T", bound=HasColumns)


class ColumnIndex(Mapping[str, tuple[T, ...]], Generic[T]):
    """The tables that have a column of a folded name, in the order of the catalog: 8 bytes a column of the catalog.

    ``entries`` are sorted: the hash of a column's name in the upper half, the place of its table in the lower. They
    are the same in every process, and can be kept in a file: `data`, `from_data`.
    """

    def __init__(self, tables: Sequence[T], entries: "Entries") -> None:
        self._tables = tables
        self.entries = entries

    @classmethod
    def of(cls, tables: Sequence[T]) -> Self:
        """The index of these tables."""
        import numpy as np

        entries = np.fromiter(_entries(tables, 0), dtype=np.uint64)
        entries.sort()
        return cls(tables, entries)

    def over(self, tables: Sequence[T]) -> Self:
        """The same index of other values for the same tables."""
        return type(self)(tables, self.entries)

    def with_more(self, tables: Sequence[T]) -> Self:
        """The index of these tables, the first of which are those of this one."""
        import numpy as np

        more = np.fromiter(_entries(tables, len(self._tables)), dtype=np.uint64)
        entries = np.concatenate((self.entries, more))
        entries.sort()
        return type(self)(tables, entries)

    @classmethod
    def from_data(cls, tables: Sequence[T], data: bytes) -> Self:
        """The index of these tables, from the `data` of one."""
        import numpy as np

        return cls(tables, np.frombuffer(data, dtype="<u8").astype(np.uint64, copy=False))

    @property
    def data(self) -> bytes:
        """The index as bytes."""
        return self.entries.astype("<u8", copy=False).tobytes()

    def __getitem__(self, name: str) -> tuple[T, ...]:
        found = self.get(name)
        if found is None:
            raise KeyError(name)
        return found

    def get(self, name: str, default: object = None) -> "tuple[T, ...]":
        """The first `MOST` tables that have the column; ``default`` if none has it."""
        import numpy as np

        begin = _hash(name) << 32
        low = int(np.searchsorted(self.entries, np.uint64(begin)))
        high = int(np.searchsorted(self.entries, np.uint64(begin | _PLACE), side="right"))
        places = (self.entries[low : min(high, low + MOST)] & np.uint64(_PLACE)).tolist()
        found = tuple(self._tables[place] for place in dict.fromkeys(places))
        if high - low <= _CHECKED:
            found = tuple(table for table in found if name in table.folded_columns())
        return found or cast("tuple[T, ...]", default)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.get(name) is not None

    def __iter__(self) -> Iterator[str]:
        """Every name once: this goes through the whole catalog."""
        return iter(dict.fromkeys(name for table in self._tables for name in table.folded_columns()))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _entries(tables: Sequence[HasColumns], first: int) -> Iterator[int]:
    """The entries of the tables from the ``first`` on."""
    for place in range(first, len(tables)):
        for name in tables[place].folded_columns():
            yield _hash(name) << 32 | place


def _hash(name: str) -> int:
    return crc32(name.encode("utf-8", "surrogatepass"))
