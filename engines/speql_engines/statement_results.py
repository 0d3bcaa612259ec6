"""What statements without rows give, and the refusal of those that write."""

import time

import pyarrow as pa

from speql_engines.engine import EngineError, Result, ResultColumn
from speql_sql import Problem

WRITE_HINT = "Open the connection for writing to run this: add `--writable`."


def count_result(count: int, type_name: str, started: float) -> Result:
    """How many rows were written; ``started`` is a time of ``time.perf_counter``."""
    rows = pa.table({"Count": pa.array([max(count, 0)], pa.int64())})
    return Result((ResultColumn("Count", type_name),), rows, True, time.perf_counter() - started)


def success_result(type_name: str, started: float) -> Result:
    """That a setting was made."""
    rows = pa.table({"Success": pa.array([], pa.bool_())})
    return Result((ResultColumn("Success", type_name),), rows, True, time.perf_counter() - started)


def read_only_error(certain: bool = True) -> EngineError:
    """The connection may not write, and the statement would; or may, which nobody can tell."""
    message = f"This would write{'' if certain else ', or may'}, and the connection is open for reading only."
    return EngineError(message, WRITE_HINT, Problem("read-only", message, hint=WRITE_HINT))
