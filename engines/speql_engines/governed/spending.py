"""What this process has spent on a connection, and what of it was of use."""

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from speql_engines.governed.cost import Cost
from speql_engines.governed.ledger import DAY

REMEMBERED = 4_096

MOST_COUNTED = 100_000
"""So many statements of a day are counted by the monotonic clock; the ledger counts all."""


@dataclass(slots=True)
class Spending:
    """What this process has spent on a connection since it was opened. ``used`` and ``wasted`` are ahead of submits."""

    submitted: Cost = field(default_factory=Cost)
    ahead: Cost = field(default_factory=Cost)
    used: Cost = field(default_factory=Cost)
    saved: Cost = field(default_factory=Cost)

    @property
    def wasted(self) -> Cost:
        """What was run ahead and is of no use so far."""
        return self.ahead - self.used


class AheadOfSubmits:
    """The statements that were run ahead: what they cost by the monotonic clock, and which of them were of use.

    A statement is of use when its rows were, and so is what made the temp tables that it has read.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._running: dict[str, Cost] = {}
        self._ended: deque[tuple[float, Cost]] = deque(maxlen=MOST_COUNTED)
        self._costs: OrderedDict[str, tuple[Cost, tuple[str, ...]]] = OrderedDict()
        self._used: OrderedDict[str, None] = OrderedDict()

    def begin(self, statement: str, expected: Cost) -> None:
        """A statement begins; until it ends it counts as what it is expected to cost."""
        self._running[statement] = expected

    def forget(self, statement: str) -> None:
        """It has not run, or is counted by :meth:`end` from now on."""
        self._running.pop(statement, None)

    def end(self, statement: str, cost: Cost, inputs: tuple[str, ...]) -> None:
        """A statement has ended; ``inputs`` are those that made what it has read."""
        self._ended.append((self._clock(), cost))
        self._costs[statement] = (cost, inputs)
        if len(self._costs) > REMEMBERED:
            self._costs.popitem(last=False)

    def spent(self, seconds: float) -> Cost:
        """What runs now, and what has ended in the last ``seconds``."""
        now, total = self._clock(), sum(self._running.values(), Cost())
        while self._ended and self._ended[0][0] <= now - DAY:
            self._ended.popleft()
        for at, cost in reversed(self._ended):
            if at <= now - seconds:
                break
            total += cost
        return total

    def use(self, statements: Iterable[str]) -> dict[str, Cost]:
        """What these statements have cost, and what they have read; each is told once only."""
        waiting, found = list(statements), dict[str, Cost]()
        while waiting:
            one = waiting.pop()
            if one in self._used or one not in self._costs:
                continue
            found[one], inputs = self._costs[one]
            self._used[one] = None
            waiting += inputs
        while len(self._used) > REMEMBERED:
            self._used.popitem(last=False)
        return found
