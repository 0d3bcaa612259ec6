"""What PostgreSQL's plan of a query says of its size."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from speql_engines.engine import Estimate

PREFIX = "EXPLAIN (FORMAT JSON, VERBOSE) "


def estimate_of(roots: object, size: Callable[[str, str], tuple[int | None, int | None]]) -> Estimate:
    """Add up what a plan says. ``size`` gives rows and bytes of a table by schema and name, where they are known.

    A scan's own estimate is of what its filters leave, while what it reads is the table.
    """
    plans = [root["Plan"] for root in roots] if isinstance(roots, list) else []
    operators = [operator for plan in plans for operator in _operators(plan)]
    scans = [operator for operator in operators if "Relation Name" in operator]
    sizes = [size(str(scan.get("Schema", "")), str(scan["Relation Name"])) for scan in scans]
    read = [_rows(scan) if rows is None else rows for scan, (rows, _) in zip(scans, sizes, strict=True)]
    known = [one for _, one in sizes if one is not None]
    return Estimate(
        rows=_rows(plans[0]) if plans else 0,
        rows_scanned=sum(read),
        rows_processed=sum(_rows(operator) for operator in operators if operator not in scans) + sum(read),
        bytes_scanned=sum(known) if len(known) == len(sizes) else None,
    )


def _operators(operator: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield operator
    for below in operator.get("Plans", ()):
        yield from _operators(below)


def _rows(operator: Mapping[str, Any]) -> int:
    """The rows of all loops together are not told; those of one are, of every worker."""
    return int(operator.get("Plan Rows", 0))
