"""What Redshift's plan of a query says of its size."""

import re
from collections.abc import Callable, Sequence

from speql_engines.engine import Estimate

PREFIX = "EXPLAIN "
# XN Seq Scan on sales s  (cost=0.00..1724.56 rows=172456 width=8)
_OPERATOR = re.compile(r"(?:->\s+)?(?P<what>[A-Z].*?)\s+\(cost=\S+ rows=(?P<rows>\d+) width=(?P<width>\d+)\)\s*$")
_SCAN = re.compile(r"(?:Seq |Parallel )*Scan on (?P<table>\"[^\"]+\"|\S+)")

Rows = Callable[[str], int | None]
"""How many rows the table of a name has, where that is known."""


def estimate_of(lines: Sequence[str], rows_of_table: Rows) -> Estimate:
    """Add up what a plan in text says: Redshift has no other form of it.

    A scan's own estimate is of what its filters leave, while what it reads is the table. Bytes are rows by their width
    in the plan, which has only the columns that are read: what a store of columns reads, before it is compressed.
    """
    operators = [found for line in lines if (found := _OPERATOR.search(line))]
    out = int(operators[0]["rows"]) if operators else 0
    read = bytes_ = processed = 0
    for operator in operators:
        rows = int(operator["rows"])
        if scan := _SCAN.search(operator["what"]):
            known = rows_of_table(scan["table"].strip('"'))
            rows = max(rows, known or 0)
            read += rows
            bytes_ += rows * int(operator["width"])
        processed += rows
    return Estimate(rows=out, rows_scanned=read, rows_processed=processed, bytes_scanned=bytes_)


def width_of(lines: Sequence[str]) -> int:
    """How many bytes a row of the result has, by the plan."""
    found = next((found for line in lines if (found := _OPERATOR.search(line))), None)
    return int(found["width"]) if found else 0
