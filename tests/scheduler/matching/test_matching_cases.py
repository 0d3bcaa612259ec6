"""Every case of tests/fixtures/matching, executed: what is rewritten returns what the query returns."""

from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pytest
import sqlglot

from speql_engines.compare import rows_differ
from speql_scheduler.matching.rewrite import rewrite
from speql_scheduler.matching.view import View, define_view
from speql_sql import Catalog

FIXTURES = Path(__file__).parents[2] / "fixtures" / "matching"
PAGE = Path(__file__).parents[3] / "docs" / "matching.md"


@dataclass
class Case:
    name: str
    data: list[str] = field(default_factory=list)
    views: list[str] = field(default_factory=list)
    query: str = ""
    used: str = ""
    why: str = ""


def read_cases(path: Path) -> list[Case]:
    """The cases of a file; of a page those in its fenced blocks named "cases"."""
    cases: list[Case] = []
    lines: list[str] = []
    text = path.read_text()
    if path.suffix == ".md":
        text = "".join(block.partition("```")[0] for block in text.split("```cases\n")[1:])
    for line in text.splitlines():
        if line.startswith((" ", "\t")) and lines:
            lines[-1] += " " + line.strip()
        elif line.strip() and not line.startswith("--"):
            lines.append(line.strip())
    for line in lines:
        word, _, rest = line.partition(" ")
        match word:
            case "==":
                cases.append(Case(rest.strip()))
            case "view":
                cases[-1].views.append(rest.strip())
            case "data":
                cases[-1].data.append(rest.strip())
            case "query" | "used" | "why":
                setattr(cases[-1], word, rest.strip())
            case _:
                raise ValueError(f"{path.name}: {line}")
    return cases


CASES = [
    (path.stem, case)
    for path in [*sorted(FIXTURES.glob("*.sql")), PAGE]
    if path.stem != "schema"
    for case in read_cases(path)
]


def test_names_of_cases_are_unique() -> None:
    names = [(kind, case.name) for kind, case in CASES]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(("kind", "case"), CASES, ids=[f"{kind}: {case.name}" for kind, case in CASES])
def test_case(kind: str, case: Case, databases: list[duckdb.DuckDBPyConnection], catalog: Catalog) -> None:
    assert case.used in ("yes", "no")
    views = [
        define_view(f"v{number}", f"memory.main.v{number}", sqlglot.parse_one(sql, dialect="duckdb"), catalog)
        for number, sql in enumerate(case.views, start=1)
    ]
    query = sqlglot.parse_one(case.query, dialect="duckdb")
    before = query.sql("duckdb")
    found = rewrite(query, views, catalog)
    assert query.sql("duckdb") == before
    said = "\n".join(f"{d.path} {d.view}: {d.used} {d.reason}; {d.compensation}" for d in found.decisions)
    assert ("yes" if found.sql else "no") == case.used, said
    assert case.why in said
    if found.sql is None:
        return
    assert found.uses == tuple(dict.fromkeys(d.view for d in found.decisions if d.used))
    if len(case.views) > 1:
        assert set(found.uses) == {view.name for view in views}
    for con in databases:
        con.begin()
        try:
            _compare(con, case, views, found.sql)
        finally:
            con.rollback()
    reads_base = any(
        table.db and not table.name.startswith("v")
        for table in sqlglot.parse_one(found.sql, dialect="duckdb").find_all(sqlglot.exp.Table)
    )
    assert found.temp_only is not reads_base


def _compare(con: duckdb.DuckDBPyConnection, case: Case, views: list[View], sql: str) -> None:
    for insert in case.data:
        con.execute(insert)
    for view in views:
        con.execute(f"CREATE OR REPLACE TABLE {view.sql_name} AS {view.create_sql()}")
    direct, served = con.sql(case.query).to_arrow_table(), con.sql(sql).to_arrow_table()
    assert direct.schema.types == served.schema.types, sql
    difference = rows_differ(direct, served, ordered=" ORDER BY " in case.query.rpartition(")")[2])
    assert difference is None, f"{difference}\n{sql}"
