"""The lists of completions that were answered last: what an item of one is about is asked for later."""

import itertools
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # It imports sqlglot, without which `initialize` is answered.
    from speql_speculator.completing.proposal import Proposal

_KEPT = 16


class CompletionOffers:
    """The last lists of a connection. Owned by the event loop. No two lists of this process have the same number."""

    _numbers = itertools.count(1)

    def __init__(self) -> None:
        self._lists: OrderedDict[int, Sequence[Proposal]] = OrderedDict()

    def add(self, proposals: "Sequence[Proposal]") -> int:
        """Keep a list; the number by which it is found."""
        number = next(self._numbers)
        self._lists[number] = proposals
        if len(self._lists) > _KEPT:
            self._lists.popitem(last=False)
        return number

    def find(self, number: int, index: int) -> "Proposal | None":
        """An item of a list; None if that is too old."""
        proposals = self._lists.get(number, ())
        return proposals[index] if 0 <= index < len(proposals) else None
