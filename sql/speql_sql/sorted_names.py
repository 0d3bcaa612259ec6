"""Names in order, so that those that begin with something are found without looking at all."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import islice


class SortedNames:
    """Names in the order of their folded letters; letter case is ignored.

    >>> names = SortedNames(["Orders", "order_items", "people"])
    >>> list(names.beginning("ORD")), names.any_beginning("q")
    (['order_items', 'Orders'], False)
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._spelled = sorted(set(names), key=str.lower)
        self._folded = [name.lower() for name in self._spelled]

    def __len__(self) -> int:
        return len(self._spelled)

    def __iter__(self) -> Iterator[str]:
        return iter(self._spelled)

    def any_beginning(self, beginning: str) -> bool:
        """Whether a name begins so."""
        return next(iter(self.beginning(beginning)), None) is not None

    def beginning(self, beginning: str) -> Iterator[str]:
        """The names that begin so, in order."""
        folded = beginning.lower()
        for place in range(bisect_left(self._folded, folded), len(self._folded)):
            if not self._folded[place].startswith(folded):
                return
            yield self._spelled[place]

    def like(self, name: str, most: int) -> list[str]:
        """The names that begin as ``name`` does: with as many of its letters, not less than one, as ``most`` allows.

        Where no misspelling of a name is looked for among all, it is looked for among these.
        """
        for length in range(1, len(name) + 1):
            found = list(islice(self.beginning(name[:length]), most + 1))
            if len(found) <= most:
                return found
        return []
