"""Data for the tests in a workbench, and what queries of it give directly: what the tests compare with.

python data.py make FILE ROWS      # a database of sales, if there is none of this script yet
python data.py rows DATABASE       # the query is read from standard input, its rows are written as JSON
"""

import json
import sys
from pathlib import Path

import duckdb

TABLES = """
CREATE TABLE stores (store_id INTEGER PRIMARY KEY, store VARCHAR, city VARCHAR);
INSERT INTO stores VALUES
    (0, 'able', 'Fairview'), (1, 'anti', 'Midway'), (2, 'ation', 'Fairview'), (3, 'bar', 'Oak Grove'),
    (4, 'cally', 'Midway'), (5, 'eing', 'Oak Grove'), (6, 'ese', 'Fairview'), (7, 'ought', 'Centerville');
CREATE TABLE sales AS
SELECT
    range AS sale_id,
    DATE '2015-01-01' + (range % 3650)::INTEGER AS sold_on,
    (range * 31 % 8)::INTEGER AS store_id,
    ['Books', 'Home', 'Music', 'Toys'][(range * 7919) % 13 % 4 + 1] AS category,
    (1000 + range * 104729 % 200000)::INTEGER AS item,
    (1 + range * 37 % 99)::INTEGER AS quantity,
    -- Of each category another growth over the ten years, and another season: there is something to see in a chart.
    (1 + power(range * 7919 % 1000 / 1000, 2) * 900
        * (1 + (range * 7919 % 13 % 4) * (range % 3650) / 6000)
        * (1 + 0.3 * sin(2 * pi() * (range % 3650) / 365.25 + (range * 7919 % 13 % 4)))
    )::DECIMAL(7, 2) AS net_paid,
    CASE WHEN range % 5 < 2 THEN NULL ELSE (range * 53 % 32000 / 100)::DECIMAL(7, 2) END AS coupon,
    range % 3 = 0 AS in_profit
FROM range({count})
"""


def main() -> None:
    """Do what the arguments say."""
    if sys.argv[1] == "make":
        make(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        sys.stdout.write(json.dumps(rows(sys.argv[2], sys.stdin.read())))


def make(file: Path, count: int) -> None:
    """Make the file with so many sales; it appears when it is whole."""
    if file.exists() and file.stat().st_mtime > Path(__file__).stat().st_mtime:
        return
    part = file.with_suffix(".part")
    part.unlink(missing_ok=True)
    with duckdb.connect(str(part)) as connection:
        connection.execute(TABLES.format(count=count))
    part.rename(file)


def rows(database: str, query: str) -> list[tuple[str | None, ...]]:
    """The rows of a query, each value as DuckDB writes it."""
    with duckdb.connect(database, read_only=True) as connection:
        return connection.execute(f"SELECT COLUMNS(*)::VARCHAR FROM ({query})").fetchall()


if __name__ == "__main__":
    main()
