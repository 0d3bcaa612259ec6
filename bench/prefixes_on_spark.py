"""Compare line prefixes of queries on Spark: over temp tables of the prefix before, and directly.

    python bench/prefixes_on_spark.py bench/data/tpcds-sf0.01.duckdb bench/data/tpcds --only q03,q07

Matching is switched off on Spark, so no preview of the server reads a temp table there. Here it is used all the same:
what a line's superset would leave behind is made a temp view, the next line's repaired query is rewritten over it, and
both are run on a real Spark Connect server (``make test-engines`` installs it). Prints a line a query and the sum; exit
status 1 if rows differ.
"""

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import sqlglot

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.engines.spark_server import spark_home, spark_server  # noqa: E402

from speql_engines.compare import rows_differ  # noqa: E402
from speql_engines.spark.catalog import read_catalog  # noqa: E402
from speql_engines.spark.driver import DefaultChannelBuilder, Frame, PySparkException, SparkSession, active  # noqa: E402
from speql_scheduler.matching.rewrite import rewrite  # noqa: E402
from speql_scheduler.running.wanted import WantedUnit, WantedUnits  # noqa: E402
from speql_server.analysis import Analyst  # noqa: E402
from speql_server.cli.bench.rhythm import revealed  # noqa: E402
from speql_server.cli.query_files import read_queries  # noqa: E402
from speql_speculator.snapshot import Snapshot  # noqa: E402
from speql_sql import Catalog  # noqa: E402

HERE = "`spark_catalog`.`default`."
HIDDEN = 1000
"""All lines of a query are shown one by one."""


class Prefixes:
    """Runs the prefixes of queries on a session; counts what was compared, and keeps what differs."""

    def __init__(self, spark: SparkSession, catalog: Catalog) -> None:
        self._spark = spark
        self._catalog = catalog
        self._analyst = Analyst(document_limit=2_000_000, statement_limit=200_000)
        self.compared = 0
        self.wrong: list[str] = []

    def of(self, name: str, text: str) -> tuple[int, int]:
        """How many prefixes of a query bind, and how many of these were rewritten and compared."""
        bound = served = 0
        held: dict[str, tuple[WantedUnit, Frame]] = {}
        units = WantedUnits()
        for prefix in revealed(text, HIDDEN):
            analysis = self._analyst.analyse(Snapshot("", 0, prefix, len(prefix)), self._catalog)
            repaired = analysis.repair
            if repaired is None or repaired.sql is None or repaired.query is None or analysis.superset is None:
                continue
            try:
                _ = self._spark.sql(repaired.sql).schema
            except PySparkException:
                continue
            bound += 1
            found = rewrite(repaired.query, [unit.view for unit, _ in held.values()], self._catalog)
            if found.sql is not None:
                served += 1
                self._compare(name, repaired.sql, found.sql.replace(HERE, ""))
            for unit in units.of(analysis.superset, self._catalog):
                if unit.key in held or unit.refusals or unit.view.refusal:
                    continue
                frame = self._made(unit.view.sql_name, unit.sql.replace(HERE, ""))
                if frame is not None:
                    held[unit.key] = unit, frame
        for unit, _ in held.values():
            self._spark.catalog.dropTempView(unit.view.sql_name)
        return bound, served

    def _made(self, name: str, sql: str) -> Frame | None:
        try:
            with active(self._spark):
                frame = self._spark.sql(sql).localCheckpoint()
                frame.createOrReplaceTempView(name)
        except PySparkException:
            return None
        return frame

    def _compare(self, name: str, direct: str, rewritten: str) -> None:
        try:
            expected = self._spark.sql(direct).toArrow()
        except PySparkException:
            return  # it binds, and fails on these rows
        self.compared += 1
        try:
            found = self._spark.sql(rewritten).toArrow()
        except PySparkException as error:
            self.wrong.append(f"{name}: {str(error).partition(chr(10))[0]}\n{direct}\n--> {rewritten}")
            return
        if len(found.column_names) == len(expected.column_names):
            found = found.rename_columns(expected.column_names)  # as every answer is named as it was asked for
        limited = re.search(r"\bLIMIT\s+\d+\s*$", direct, re.IGNORECASE) is not None
        if expected.schema.types != found.schema.types:
            difference: str | None = f"types {expected.schema.types} and {found.schema.types}"
        elif limited and expected.num_rows == found.num_rows:
            difference = None  # any of the rows that are ordered alike
        else:
            difference = rows_differ(expected, found, ordered=False)
        if difference:
            self.wrong.append(f"{name}: {difference}\n{direct}\n--> {rewritten}")


def load(spark: SparkSession, file: Path) -> None:
    """Make the tables of a DuckDB file in Spark, with their rows."""
    with duckdb.connect(str(file), read_only=True) as source:
        for (table,) in source.execute("SELECT table_name FROM duckdb_tables() WHERE NOT internal").fetchall():
            rows: pa.Table = source.sql(f'SELECT * FROM "{table}"').to_arrow_table()
            spark.createDataFrame(rows).write.saveAsTable(table)


def translated(paths: list[str], only: list[str]) -> Iterator[tuple[str, str]]:
    """The queries in Spark's words, laid out in lines; what sqlglot cannot read is left out."""
    for name, text in read_queries(paths, only).items():
        try:
            (sql,) = sqlglot.transpile(text, "duckdb", "spark", pretty=True)
        except (sqlglot.errors.SqlglotError, ValueError):
            continue
        yield name, sql


def main() -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("database", type=Path)
    parser.add_argument("queries", nargs="+")
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    home = spark_home()
    if home is None:
        print("Spark is not installed: make test-engines installs it.", file=sys.stderr)
        return 2
    bound = 0
    with spark_server(home) as address:
        spark = SparkSession(DefaultChannelBuilder(address))
        load(spark, arguments.database)
        catalog = read_catalog(lambda sql: spark.sql(sql).toArrow().to_pylist(), ("spark_catalog", "default"), "spark")
        prefixes = Prefixes(spark, catalog)
        for name, sql in translated(arguments.queries, [one for one in arguments.only.split(",") if one]):
            before = len(prefixes.wrong)
            binding, served = prefixes.of(name, sql)
            bound += binding
            wrong = prefixes.wrong[before:]
            print(f"{name}: {binding} prefixes bind, {served} over temp views, {len(wrong)} wrong", flush=True)
            for each in wrong:
                print(each, flush=True)
    print(f"{bound} prefixes, {prefixes.compared} compared, {len(prefixes.wrong)} wrong")
    return 1 if prefixes.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
