"""Make TPC-DS or TPC-H data as a DuckDB file, and its queries as .sql files. Run by `make bench-data`.

    python bench/make_tpc.py tpcds|tpch SCALE_FACTOR FOLDER

Needs an environment of its own (`duckdb==1.5.5 duckdb-extensions duckdb-extension-tpcds duckdb-extension-tpch`): the
extensions are not made for the DuckDB that SpeQL runs on, which reads the file. TPC-DS at scale factor 1 takes 20 s
and 330 MB, at 10 it takes 5 to 10 minutes, 3 GB and 4.4 GB of memory. The file appears when it is whole.
"""

import sys
import time
from pathlib import Path

import duckdb
from duckdb_extensions import import_extension  # type: ignore[import-not-found, unused-ignore]  # not in our environment

GENERATORS = {"tpcds": "dsdgen", "tpch": "dbgen"}


def main() -> None:
    name, scale, folder = sys.argv[1], float(sys.argv[2]), Path(sys.argv[3])
    database, part = folder / f"{name}-sf{scale:g}.duckdb", folder / f"{name}-sf{scale:g}.part.duckdb"
    queries = folder / name
    queries.mkdir(parents=True, exist_ok=True)
    if not database.exists():
        part.unlink(missing_ok=True)
        print(f"Making {database.name} ...", flush=True)
        began = time.monotonic()
        with duckdb.connect(str(part)) as connection:
            _load(name, connection)
            connection.execute(f"CALL {GENERATORS[name]}(sf = {scale:g})")
        part.rename(database)
        print(f"  {database.stat().st_size / 1e6:,.0f} MB in {time.monotonic() - began:.0f} s")
    with duckdb.connect() as connection:
        _load(name, connection)
        texts = connection.execute(f"SELECT query_nr, query FROM {name}_queries()").fetchall()
    for number, text in texts:
        (queries / f"q{number:02}.sql").write_text(text, encoding="utf-8")
    print(f"{len(texts)} queries in {queries.name}/")


def _load(name: str, connection: duckdb.DuckDBPyConnection) -> None:
    import_extension(name, con=connection)
    connection.execute(f"LOAD {name}")


if __name__ == "__main__":
    main()
