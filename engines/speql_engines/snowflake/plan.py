"""What Snowflake's plan of a query says of its size."""

from collections.abc import Mapping, Sequence
from typing import Any

from speql_engines.engine import Estimate
from speql_engines.sized_estimate import Size

PREFIX = "EXPLAIN USING JSON "
_SCAN = "TableScan"
_ONE_ROW = frozenset({"Aggregate"})


def estimate_of(plan: Mapping[str, Any], size: Size) -> Estimate:
    """What a plan of ``EXPLAIN USING JSON`` says: the bytes that are read for certain, the rows as a guess.

    Snowflake tells micro-partitions and bytes, never rows. A scan reads the rows of its table in the share of the
    partitions that it was assigned; each other operator is taken to go through what the largest scan reads.
    """
    operators = [operator for step in plan.get("Operations", ()) for operator in step]
    scans = [operator for operator in operators if operator.get("operation") == _SCAN]
    read = [_rows_read(scan, size) for scan in scans]
    largest = max(read, default=1)
    told = plan.get("GlobalStats", {}).get("bytesAssigned")
    return Estimate(
        rows=1 if _is_one_row(operators) else largest,
        rows_scanned=sum(read),
        rows_processed=sum(read) + largest * (len(operators) - len(scans)),
        bytes_scanned=int(told) if told is not None else None,
    )


def _rows_read(scan: Mapping[str, Any], size: Size) -> int:
    objects = scan.get("objects") or [""]
    rows, _ = size(str(objects[0]).replace('"', "").split("."))
    total, assigned = scan.get("partitionsTotal"), scan.get("partitionsAssigned")
    share = assigned / total if total and assigned is not None else 1.0
    return round((rows or 0) * share)


def _is_one_row(operators: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the last thing done is to add everything up, without groups."""
    after_scan = [operator for operator in operators if operator.get("operation") not in ("Result", _SCAN)]
    if not after_scan or after_scan[0].get("operation") not in _ONE_ROW:
        return False
    return not any("groupKeys" in str(text) for text in after_scan[0].get("expressions") or ())
