"""What may be speculated in each dialect: all that is harmless, nothing that is not known to be."""

import json
import re
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

from speql_engines.documented_functions import REFUSED, classes_of_documented
from speql_sql.function_data import function_data
from speql_sql.guard import GuardPolicy, speculation_problems
from speql_sql.guard_functions import VOLATILE_FUNCTIONS
from speql_sql.parse import parse_query

DOCUMENTED = ["redshift", "snowflake", "bigquery", "tsql", "spark", "databricks"]
DIALECTS = ["duckdb", "postgres", *DOCUMENTED]
FIXTURES = Path(__file__).parents[1] / "fixtures"
TPC = Path(__file__).parents[2] / "bench" / "data"
# In DuckDB a macro named like a built-in function (range) has everything refused.
USER_FUNCTIONS = {
    "duckdb": frozenset({"leftpad", "my_function"}),
    "postgres": frozenset({"leftpad", "mine", "range", "my_function"}),
}


def cases(kind: str) -> list[tuple[str, str]]:
    found = []
    for dialect in DIALECTS:
        items = json.loads((FIXTURES / "guard" / kind / f"{dialect}.json").read_text("utf-8"))
        assert all(kind == "harmless" or item["why"] for item in items)
        found += [(dialect, item["statement"]) for item in items]
    return found


HOSTILE, HARMLESS = cases("hostile"), cases("harmless")


def problems_of(sql: str, dialect: str, functions: frozenset[str] = frozenset()) -> list[str]:
    parsed = parse_query(sql, dialect)
    if parsed.query is None:
        return [parsed.problem.code if parsed.problem else ""]
    return [problem.message for problem in speculation_problems(parsed.query, GuardPolicy(dialect, (), functions), sql)]


def test_there_are_enough_of_both() -> None:
    assert len(set(HOSTILE)) >= 1_100
    assert len(set(HARMLESS)) >= 150


@pytest.mark.parametrize("dialect", DIALECTS)
def test_what_is_hostile_is_refused(dialect: str) -> None:
    functions = USER_FUNCTIONS.get(dialect, frozenset())
    passed = [sql for of, sql in HOSTILE if of == dialect and not problems_of(sql, dialect, functions)]
    assert passed == []


@pytest.mark.parametrize(("dialect", "sql"), HARMLESS)
def test_what_is_harmless_passes(dialect: str, sql: str) -> None:
    assert problems_of(sql, dialect) == []


@pytest.mark.parametrize("dialect", DIALECTS)
def test_queries_of_the_fixtures_pass_in_each_dialect(dialect: str) -> None:
    texts = [
        path.read_text("utf-8").replace("weird$col", "weird_col")
        for path in sorted((FIXTURES / "repair").glob("queries_*.sql"))
        if path.stem != "queries_saas"  # that is for DuckDB alone
    ]
    queries = [tree for text in texts for tree in sqlglot.parse(text, read="duckdb") if isinstance(tree, exp.Query)]
    assert len(queries) > 20
    refused = {sql: found for tree in queries if (found := problems_of(sql := tree.sql(dialect), dialect))}
    # Where sqlglot writes what the engine does not have, that is not known either.
    assert {sql: found for sql, found in refused.items() if not all("is not known" in one for one in found)} == {}
    assert len(refused) <= len(queries) // 10


def tpc_texts() -> list[str]:
    return [path.read_text("utf-8") for path in sorted(TPC.glob("tpc*/*.sql"))]


@pytest.mark.skipif(not tpc_texts(), reason="the texts of TPC-DS and TPC-H are made by `make bench-data`")
@pytest.mark.parametrize("dialect", DIALECTS)
def test_tpc_round_trip(dialect: str) -> None:
    """Parsed, written, parsed again: equal trees; and let through. (Their words: test_round_trip.py.)"""
    for text in tpc_texts():
        for original in filter(None, sqlglot.parse(text, read="duckdb")):
            sql = original.sql(dialect)
            query = parse_query(sql, dialect).query
            assert query is not None, sql
            assert parse_query(query.sql(dialect), dialect).query == query, sql
            # What has no name there is written in DuckDB's: no engine of the dialect takes it.
            unknown = re.search(r"(?i)\bstddev_samp\b", sql) and dialect in ("snowflake", "tsql")
            assert problems_of(sql, dialect) == [] or unknown, sql


@pytest.mark.parametrize("dialect", DOCUMENTED)
def test_the_data_is_up_to_date_and_consistent(dialect: str) -> None:
    file = Path(parse_query.__code__.co_filename).with_name(f"{dialect}_functions.json")
    data = json.loads(file.read_text("utf-8"))

    assert data["nodes"] == classes_of_documented(data, dialect)
    assert data["source"]
    listed = [name for key in REFUSED for name in data[key]]
    assert not set(data["functions"]) & set(listed)
    assert not (set(data["functions"]) & VOLATILE_FUNCTIONS) - {"current_date"}
    assert all(name == name.lower() for key in ("functions", "words", "table_functions") for name in data[key])


@pytest.mark.parametrize("dialect", DOCUMENTED)
def test_each_function_that_is_refused_is_refused(dialect: str) -> None:
    refused = function_data(dialect).refused
    assert len(refused) > 30
    for name in refused:
        for call in (f"{name}()", f"{name}(a)", f"{name}(a, 'b')", f"{name.upper()} (a, b, c)"):
            assert problems_of(f"SELECT {call} FROM t", dialect), call


@pytest.mark.parametrize("dialect", DOCUMENTED)
def test_no_name_that_is_unknown_passes(dialect: str) -> None:
    """Whatever sqlglot takes for one of its own functions, in any dialect, is refused where the engine has none so."""
    data = function_data(dialect)
    known = data.functions | data.table_functions
    names = {name.lower() for name in exp.FUNCTION_BY_NAME} | {
        name.lower() for of in DIALECTS for name in sqlglot.Dialect.get_or_raise(of).parser_class.FUNCTIONS
    }
    assert len(names) > 500
    passed = [
        name
        for name in sorted(names - known)
        for call in (f"{name}()", f"{name}(a)", f"{name}(a, b)")
        if not problems_of(f"SELECT {call} FROM t", dialect)
    ]
    # Words of the grammar, which no function can have for a name there.
    grammar = {"and", "any", "apply", "cast", "char", "exists", "extract", "ilike", "like", "or", "try_cast"}
    assert set(passed) <= grammar, passed


@pytest.mark.parametrize(
    ("dialect", "sql", "code"),
    [
        ("snowflake", "SELECT AI_COMPLETE('m', 'x')", "outside-access"),
        ("bigquery", "SELECT ERROR('x')", "side-effect"),
        ("tsql", "SELECT NEWID()", "volatile-function"),
        ("redshift", "SELECT f_mine(1)", "unknown-function"),
        ("spark", "SELECT * FROM parquet.`/x`", "file-access"),
        ("tsql", "SELECT * FROM t SHUTDOWN", "several-statements"),
        ("bigquery", "SELECT 1 /* /* */", "ambiguous-text"),
        ("snowflake", "SELECT CURRENT_ROLE", "volatile-function"),
    ],
)
def test_what_a_refusal_is_called(dialect: str, sql: str, code: str) -> None:
    query = parse_query(sql, dialect).query
    assert query is not None
    assert code in [problem.code for problem in speculation_problems(query, GuardPolicy(dialect), sql)]
