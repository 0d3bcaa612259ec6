"""The guard's data is what DuckDB says of its functions."""

import json
from importlib import resources

import duckdb
import sqlglot

from speql_engines.duckdb.functions import consistent_functions
from speql_sql.guard import speculation_problems


def test_the_checked_in_data_is_up_to_date() -> None:
    checked_in = json.loads(resources.files("speql_sql").joinpath("duckdb_functions.json").read_text())
    assert checked_in == consistent_functions(), "run python -m speql_engines.duckdb.functions"


def test_nothing_that_duckdb_calls_volatile_passes() -> None:
    with duckdb.connect() as connection:
        names = connection.execute(
            "SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_type IN ('scalar', 'aggregate')"
            " AND (stability <> 'CONSISTENT' OR has_side_effects)"
        ).fetchall()
    assert len(names) > 20
    for (name,) in names:
        for arguments in ("", "'a'", "'a', 1"):
            for call in (f"{name}({arguments})", f"main.{name}({arguments})", f'"{name.upper()}"({arguments})'):
                tree = sqlglot.parse_one(f"SELECT {call}", read="duckdb", error_level=sqlglot.ErrorLevel.IGNORE)
                assert speculation_problems(tree), call


def test_no_function_without_arguments_changes_its_mind() -> None:
    """What takes no arguments and is allowed gives one value in two sessions at two moments."""
    allowed = json.loads(resources.files("speql_sql").joinpath("duckdb_functions.json").read_text())["functions"]
    values: list[dict[str, object]] = []
    for zone in ("UTC", "Asia/Tokyo"):
        with duckdb.connect(config={"python_enable_replacements": "false"}) as connection:
            connection.execute(f"SET TimeZone = '{zone}'")
            found = connection.execute(
                "SELECT DISTINCT function_name FROM duckdb_functions()"
                " WHERE function_type IN ('scalar', 'macro') AND len(parameters) = 0"
            ).fetchall()
            names = sorted(name for (name,) in found if name in allowed and name.isidentifier())
            values.append({name: value_of(connection, name) for name in names})
    assert values[0]["pi"] == ("3.141592653589793",)
    assert values[0] == values[1]


def value_of(connection: duckdb.DuckDBPyConnection, name: str) -> object:
    try:
        return connection.execute(f"SELECT {name}()::VARCHAR").fetchone()
    except duckdb.Error:
        return "an error"
