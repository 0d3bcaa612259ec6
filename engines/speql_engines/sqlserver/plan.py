"""What the server's plan of a query says of its size."""

from xml.etree import ElementTree

from speql_engines.engine import Estimate

SHOW = "SET SHOWPLAN_XML ON"
HIDE = "SET SHOWPLAN_XML OFF"
EXPLAIN = "EXPLAIN "
"""What a dedicated pool of Synapse takes instead."""

_SCANS = ("Table Scan", "Clustered Index Scan", "Index Scan", "Columnstore Index Scan", "Remote Scan")
_SEEKS = ("Clustered Index Seek", "Index Seek", "RID Lookup", "Key Lookup")


def estimate_of(plan: str) -> Estimate:
    """Add up what a plan of ``SET SHOWPLAN_XML`` says; its shape is Microsoft's schema showplanxml.xsd.

    A scan's own estimate is of what its filters leave, while what it reads is told beside it, or the table's number of
    rows. Bytes are rows by the width of the columns that are read.
    """
    root = ElementTree.fromstring(plan)
    statement = next(root.iter(_tag("StmtSimple")), None)
    operators = list(root.iter(_tag("RelOp")))
    out = _number(statement, "StatementEstRows") if statement is not None else 0.0
    read = bytes_ = processed = 0.0
    for operator in operators:
        rows = _number(operator, "EstimateRows")
        if operator.get("PhysicalOp") in _SCANS:
            rows = max(rows, _number(operator, "EstimatedRowsRead") or _number(operator, "TableCardinality"))
        elif operator.get("PhysicalOp") in _SEEKS:
            times = 1 + _number(operator, "EstimateRebinds") + _number(operator, "EstimateRewinds")
            rows = max(rows, _number(operator, "EstimatedRowsRead")) * times
        processed += rows
        if operator.get("PhysicalOp") in (*_SCANS, *_SEEKS):
            read += rows
            bytes_ += rows * _number(operator, "AvgRowSize")
    return Estimate(round(out), round(read), round(processed), round(bytes_))


def pool_estimate(plan: str, tables: Estimate) -> Estimate:
    """What ``EXPLAIN`` of a dedicated pool says: XML, too, with rows and widths of what is moved between its nodes.

    ``tables`` is the estimate by the sizes of the tables, since the plan does not tell what is read.
    https://learn.microsoft.com/sql/t-sql/queries/explain-transact-sql
    """
    root = ElementTree.fromstring(plan)
    costs = [cost for operation in root.iter("dsql_operation") for cost in operation.iter("operation_cost")]
    moved = [_number(cost, "output_rows") for cost in costs]
    whole = next(root.iter("dsql_operations"), None)
    milliseconds = _number(whole, "total_cost") if whole is not None else 0.0
    return Estimate(
        rows=tables.rows,
        rows_scanned=tables.rows_scanned,
        rows_processed=tables.rows_processed + round(sum(moved)),
        bytes_scanned=tables.bytes_scanned,
        seconds=milliseconds / 1000 or None,
    )


def _tag(name: str) -> str:
    return f"{{http://schemas.microsoft.com/sqlserver/2004/07/showplan}}{name}"


def _number(element: ElementTree.Element, name: str) -> float:
    try:
        return float(element.get(name, 0))
    except ValueError:
        return 0.0
