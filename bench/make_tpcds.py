"""Make TPC-DS data as a DuckDB file, and its 99 queries as .sql files. Run by `make bench-data`.

    python bench/make_tpcds.py SCALE_FACTOR FOLDER

Needs an environment of its own (`duckdb==1.5.5 duckdb-extensions duckdb-extension-tpcds`): the extension is not made
for the DuckDB that SpeQL runs on, which reads the file. Scale factor 1 takes 20 s and 330 MB, 10 takes 5 to 10
minutes, 3 GB and 4.4 GB of memory. The file appears when it is whole.
"""

import sys
import time
from pathlib import Path

import duckdb
from duckdb_extensions import import_extension  # type: ignore[import-not-found, unused-ignore]  # not in our environment


def main() -> None:
    scale, folder = float(sys.argv[1]), Path(sys.argv[2])
    database, part = folder / f"tpcds-sf{scale:g}.duckdb", folder / f"tpcds-sf{scale:g}.part.duckdb"
    queries = folder / "tpcds"
    queries.mkdir(parents=True, exist_ok=True)
    if not database.exists():
        part.unlink(missing_ok=True)
        print(f"Making {database.name} ...", flush=True)
        began = time.monotonic()
        with duckdb.connect(str(part)) as connection:
            _load(connection)
            connection.execute(f"CALL dsdgen(sf = {scale:g})")
        part.rename(database)
        print(f"  {database.stat().st_size / 1e6:,.0f} MB in {time.monotonic() - began:.0f} s")
    with duckdb.connect() as connection:
        _load(connection)
        texts = connection.execute("SELECT query_nr, query FROM tpcds_queries()").fetchall()
    for number, text in texts:
        (queries / f"q{number:02}.sql").write_text(text, encoding="utf-8")
    print(f"{len(texts)} queries in {queries.name}/")


def _load(connection: duckdb.DuckDBPyConnection) -> None:
    import_extension("tpcds", con=connection)
    connection.execute("LOAD tpcds")


if __name__ == "__main__":
    main()
