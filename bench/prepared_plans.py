"""What prepared plans would save: the time of each query as it is written, and as EXECUTE of a prepared statement.

``python bench/prepared_plans.py bench/data/tpcds bench/data/tpcds-sf1.duckdb``
"""

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

RUNS = 3


def milliseconds(work: Callable[[], object]) -> float:
    """The median time of some runs."""
    taken = []
    for _ in range(RUNS):
        started = time.perf_counter()
        work()
        taken.append((time.perf_counter() - started) * 1e3)
    return statistics.median(taken)


def main(folder: Path, database: Path) -> None:
    """Print the median query's times, and how much of them a prepared plan saves."""
    written, saved = [], []
    with duckdb.connect(str(database), read_only=True, config={"threads": 2}) as connection:
        for file in sorted(folder.glob("*.sql")):
            query = file.read_text(encoding="utf-8").strip().rstrip(";")
            connection.execute(f"PREPARE prepared AS {query}")
            plain = milliseconds(lambda query=query: connection.execute(query).fetchall())  # type: ignore[misc]
            prepared = milliseconds(lambda: connection.execute("EXECUTE prepared").fetchall())
            written.append(plain)
            saved.append(plain - prepared)
    tenth = sorted(saved)[int(0.9 * len(saved))]
    print(f"{len(written)} queries: median {statistics.median(written):.1f} ms as written")
    print(f"saved by a prepared plan: median {statistics.median(saved):.1f} ms, P90 {tenth:.1f} ms")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
