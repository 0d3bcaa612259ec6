"""Run a command on a PostgreSQL server of its own, which has the tables of a DuckDB file and is gone afterwards.

    python bench/on_postgres.py bench/data/tpcds-sf0.1.duckdb speql bench bench/data/tpcds --database {}

Each ``{}`` is the URL of the database. PostgreSQL has to be installed.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb
import psycopg

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.postgres_cluster import binaries, cluster  # noqa: E402

TYPES = {"DOUBLE": "double precision", "FLOAT": "real", "TINYINT": "smallint", "BLOB": "bytea", "HUGEINT": "numeric"}
NULL = "\\N"
PIECE = 1 << 20


def load(file: Path, url: str) -> None:
    """Make the tables of a DuckDB file in a database, with their rows."""
    with (
        duckdb.connect(str(file), read_only=True) as source,
        psycopg.connect(url, autocommit=True) as target,
        tempfile.TemporaryDirectory() as folder,
    ):
        for (table,) in source.execute("SELECT table_name FROM duckdb_tables() WHERE NOT internal").fetchall():
            asked = (
                "SELECT column_name, data_type, is_nullable FROM duckdb_columns() WHERE table_name = ? "
                "ORDER BY column_index"
            )
            columns = ", ".join(
                f'"{name}" {TYPES.get(kind, kind)}{"" if nullable else " NOT NULL"}'
                for name, kind, nullable in source.execute(asked, [table]).fetchall()
            )
            target.execute(f'CREATE TABLE "{table}" ({columns})'.encode())
            rows = Path(folder) / table
            source.execute(f"COPY \"{table}\" TO '{rows}' (FORMAT csv, HEADER false, NULLSTR '{NULL}')")
            reading = f"COPY \"{table}\" FROM STDIN (FORMAT csv, NULL '{NULL}')".encode()
            with target.cursor() as cursor, cursor.copy(reading) as copy, rows.open("rb") as read:
                while piece := read.read(PIECE):
                    copy.write(piece)
            rows.unlink()
        target.execute("ANALYZE")


def main() -> int:
    """The exit status of the command."""
    file, *command = sys.argv[1:]
    if binaries() is None:
        print("PostgreSQL is not installed. On Debian and Ubuntu: apt-get install postgresql", file=sys.stderr)
        return 2
    with cluster() as server:
        host = server.split()[0].removeprefix("host=")
        with psycopg.connect(f"{server} dbname=postgres", autocommit=True) as connection:
            connection.execute("CREATE DATABASE tpc")
        url = f"postgresql://speql@/tpc?host={host}"
        load(Path(file), url)
        return subprocess.run([part.replace("{}", url) for part in command], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
