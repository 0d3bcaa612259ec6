"""Names in a few bytes each."""

from array import array
from collections.abc import Iterable, Sequence
from typing import overload


class PackedNames(Sequence[str]):
    """Names as the bytes of their letters: a million take 30 MB so, and 100 MB as strings.

    >>> names = PackedNames(["a", "größe"])
    >>> names[1], list(names), names[:1]
    ('größe', ['a', 'größe'], ['a'])
    """

    __slots__ = ("_ends", "_letters")

    def __init__(self, names: Iterable[str]) -> None:
        letters = bytearray()
        self._ends = array("Q")
        for name in names:
            letters += name.encode("utf-8", "surrogatepass")
            self._ends.append(len(letters))
        self._letters = bytes(letters)

    def __len__(self) -> int:
        return len(self._ends)

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> list[str]: ...
    def __getitem__(self, place: int | slice) -> str | list[str]:
        if isinstance(place, slice):
            return [self[at] for at in range(*place.indices(len(self)))]
        at = range(len(self))[place]
        begin = self._ends[at - 1] if at else 0
        return self._letters[begin : self._ends[at]].decode("utf-8", "surrogatepass")
