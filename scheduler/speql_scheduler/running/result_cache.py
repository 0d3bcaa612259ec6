"""Results that were just computed, for being asked again (level 0)."""

from collections import OrderedDict
from dataclasses import dataclass

from speql_engines import Result


class ResultCache:
    """First pages of results, by what was asked on which data; the least recently used go first.

    A key must tell apart all that can change the rows: see :class:`~speql_scheduler.running.question.Question`.
    Nothing is kept of a result that alone exceeds a quarter of the bytes.
    """

    def __init__(self, byte_budget: int) -> None:
        self._byte_budget = byte_budget
        self._results: OrderedDict[tuple[str, int], CachedResult] = OrderedDict()
        self._bytes = 0

    def get(self, key: str, epoch: int) -> "CachedResult | None":
        """The result of that key on the data of that epoch."""
        cached = self._results.get((key, epoch))
        if cached is not None:
            self._results.move_to_end((key, epoch))
        return cached

    def put(self, key: str, epoch: int, result: Result, total_rows: int | None = None) -> None:
        """Keep a result, and how many rows it has in all if that is known."""
        size = _size(result)
        if size > self._byte_budget // 4:
            return
        replaced = self._results.pop((key, epoch), None)
        self._bytes += size - (_size(replaced.result) if replaced else 0)
        self._results[key, epoch] = CachedResult(result, total_rows)
        while self._bytes > self._byte_budget:
            _, oldest = self._results.popitem(last=False)
            self._bytes -= _size(oldest.result)

    def clear(self) -> None:
        """Forget all."""
        self._results.clear()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._results)


@dataclass(frozen=True, slots=True)
class CachedResult:
    """The first page of a result, and how many rows it has in all if that is known."""

    result: Result
    total_rows: int | None


def _size(result: Result) -> int:
    """Bytes of the rows, and something for what surrounds them so that many empty results are bounded too."""
    return int(result.rows.nbytes) + 512 + 64 * len(result.columns)
