"""The columns of one table of a large catalog, in a few bytes each."""

import struct
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Self

from speql_sql.column import Column

_COUNT = struct.Struct("<I")
_SEPARATOR = "\0"
_KEPT = 4_096
"""So many tables stay unpacked: those that are worked with, however many are looked at."""


class TypeSpellings:
    """The spellings of types of one catalog, each kept once and known by its number. It only grows."""

    def __init__(self, spellings: Iterable[str] = ()) -> None:
        self._spellings = list(spellings)
        self._numbers = {spelling: number for number, spelling in enumerate(self._spellings)}

    def number(self, spelling: str) -> int:
        """The number of a spelling, a new one where it was not known."""
        number = self._numbers.get(spelling)
        if number is None:
            number = self._numbers[spelling] = len(self._spellings)
            self._spellings.append(spelling)
        return number

    def __getitem__(self, number: int) -> str:
        return self._spellings[number]

    def __len__(self) -> int:
        return len(self._spellings)

    def from_number(self, first: int) -> list[str]:
        """The spellings of this number and above."""
        return self._spellings[first:]


class PackedColumns:
    """Columns as bytes, unpacked when they are asked for; the ones that were asked for last stay unpacked.

    A million and a half columns take 200 MB as objects and 30 MB so. ``data`` is their count, a number for each (its
    type and whether it can be NULL) and their names.

    >>> packed = PackedColumns.of([Column("a", "INTEGER"), Column("b", "DATE", False)], TypeSpellings())
    >>> packed.unpacked()[1]
    Column(name='b', type='DATE', nullable=False)
    >>> packed.folded_names()
    ['a', 'b']
    """

    __slots__ = ("_types", "data")

    def __init__(self, data: bytes, types: TypeSpellings) -> None:
        self.data = data
        self._types = types

    @classmethod
    def of(cls, columns: Sequence[Column], types: TypeSpellings) -> Self:
        """Pack columns. `ValueError` for a name with a null character, which no engine that is known here has."""
        if any(_SEPARATOR in column.name for column in columns):
            raise ValueError("a column's name holds a null character")
        numbers = [types.number(column.type) << 1 | column.nullable for column in columns]
        names = _SEPARATOR.join(column.name for column in columns).encode("utf-8", "surrogatepass")
        return cls(struct.pack(f"<{len(numbers) + 1}I", len(numbers), *numbers) + names, types)

    def __len__(self) -> int:
        count: int = _COUNT.unpack_from(self.data)[0]
        return count

    def unpacked(self) -> tuple[Column, ...]:
        """The columns."""
        return _unpacked(self)

    def folded_names(self) -> list[str]:
        """The names alone, in lower case."""
        return self._names().lower().split(_SEPARATOR) if len(self) else []

    def _names(self) -> str:
        return self.data[_COUNT.size * (len(self) + 1) :].decode("utf-8", "surrogatepass")

    def _columns(self) -> tuple[Column, ...]:
        count = len(self)
        if not count:
            return ()
        numbers = struct.unpack_from(f"<{count}I", self.data, _COUNT.size)
        types = self._types
        return tuple(
            Column(name, types[number >> 1], bool(number & 1))
            for name, number in zip(self._names().split(_SEPARATOR), numbers, strict=True)
        )


@lru_cache(maxsize=_KEPT)
def _unpacked(packed: PackedColumns) -> tuple[Column, ...]:
    return packed._columns()
