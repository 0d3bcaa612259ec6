"""Results that were just computed, for being asked again (level 0)."""

from collections import OrderedDict
from dataclasses import dataclass, replace

from speql_engines import Result


@dataclass(frozen=True, slots=True)
class CachedResult:
    """The first page of a result, and how many rows it has in all if that is known.

    ``limit`` is how many of the first rows of a larger result it was to be; None: all.
    """

    result: Result
    total_rows: int | None
    limit: int | None = None


class ResultCache:
    """First pages of results, by what was asked on which data; the least recently used go first.

    A key must tell apart all that can change the rows but an outer LIMIT: see
    :class:`~speql_scheduler.running.question.Question`. The columns of what is found may be called otherwise. The first
    rows of a result are those of any LIMIT that takes no more: so a LIMIT that is typed digit by digit is answered from
    what was shown before. Nothing is kept of a result that alone exceeds a quarter of the bytes.
    """

    def __init__(self, byte_budget: int) -> None:
        self._byte_budget = byte_budget
        self._results: OrderedDict[tuple[str, int], CachedResult] = OrderedDict()
        self._bytes = 0

    def get(self, key: str, epoch: int, limit: int | None = None) -> CachedResult | None:
        """The first ``limit`` rows of the result of that key on the data of that epoch."""
        cached = self._results.get((key, epoch))
        if cached is None:
            return None
        self._results.move_to_end((key, epoch))
        return limited(cached, limit)

    def put(
        self, key: str, epoch: int, result: Result, total_rows: int | None = None, limit: int | None = None
    ) -> None:
        """Keep a result, and how many rows it has in all if that is known."""
        kept = self._results.get((key, epoch))
        if kept is not None and kept.limit != limit and limited(kept, limit) is not None:
            return  # what is there tells more
        size = _size(result)
        if size > self._byte_budget // 4:
            return
        replaced = self._results.pop((key, epoch), None)
        self._bytes += size - (_size(replaced.result) if replaced else 0)
        self._results[key, epoch] = CachedResult(result, total_rows, limit)
        while self._bytes > self._byte_budget:
            _, oldest = self._results.popitem(last=False)
            self._bytes -= _size(oldest.result)

    def clear(self) -> None:
        """Forget all."""
        self._results.clear()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._results)


def limited(cached: CachedResult, limit: int | None) -> CachedResult | None:
    """The same result with another limit; None if the rows that are there do not tell it."""
    result, seen = cached.result, int(cached.result.rows.num_rows)
    if limit == cached.limit:
        return cached
    if limit is not None and limit <= seen:
        rows = result.rows.slice(0, limit)
        return CachedResult(replace(result, rows=rows, complete=True), limit, limit)
    if result.complete and cached.limit is not None and seen >= cached.limit:
        return None  # whether there are more rows is not known
    total = cached.total_rows
    if total is not None and cached.limit is not None and total >= cached.limit:
        total = None  # there may be more without that limit
    if limit is not None and cached.total_rows is not None and limit <= cached.total_rows:
        total = limit
    return CachedResult(result, total, limit)


def _size(result: Result) -> int:
    """Bytes of the rows, and something for what surrounds them so that many empty results are bounded too."""
    return int(result.rows.nbytes) + 512 + 64 * len(result.columns)
