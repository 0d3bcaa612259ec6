"""The texts of TPC-DS and TPC-H in each dialect: read and written again they keep their words, or are not rewritten.

What counts as the same word, and which texts are not rewritten and why, is data: `tests/fixtures/round_trip/`. The
texts are DuckDB's, put into the dialect by sqlglot; those dialects that take DuckDB's words are given these, too, as
somebody has typed them.
"""

import difflib
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import sqlglot

from speql_sql.faithful import why_unfaithful
from speql_sql.parse import parse_query
from speql_sql.sql_tokens import sql_tokens

DIALECTS = ["duckdb", "postgres", "redshift", "snowflake", "bigquery", "tsql", "spark", "databricks"]
TAKE_DUCKDBS_WORDS = frozenset({"duckdb", "postgres", "redshift", "snowflake"})
FIXTURES = Path(__file__).parents[1] / "fixtures" / "round_trip"
TPC = Path(__file__).parents[2] / "bench" / "data"


@cache
def typed_texts() -> dict[str, str]:
    """The statements by name; `tpcds/q14` has two."""
    found = {}
    for path in sorted(TPC.glob("tpc*/*.sql")):
        statements = [text.strip() for text in path.read_text("utf-8").split(";") if text.strip()]
        for number, text in enumerate(statements, 1):
            found[f"{path.parent.name}/{path.stem}" + (f" ({number})" if len(statements) > 1 else "")] = text
    return found


def texts_in(dialect: str) -> Iterator[tuple[str, str]]:
    for name, text in typed_texts().items():
        yield name, sqlglot.parse_one(text, read="duckdb").sql(dialect)
        if dialect in TAKE_DUCKDBS_WORDS:
            yield f"{name}, typed", text


def changes(before: list[str], after: list[str]) -> set[tuple[str, str]]:
    matched = difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    return {(" ".join(before[a:b]), " ".join(after[c:d])) for tag, a, b, c, d in matched if tag != "equal"}


def words(sql: str, dialect: str) -> list[str]:
    return [token.text.upper() for token in sql_tokens(sql, dialect)]


@pytest.mark.skipif(not typed_texts(), reason="the texts of TPC-DS and TPC-H are made by `make bench-data`")
@pytest.mark.parametrize("dialect", DIALECTS)
def test_texts_keep_their_words_or_are_not_rewritten(dialect: str) -> None:
    same = {
        (item["before"], item["after"])
        for item in json.loads((FIXTURES / "same_words.json").read_text("utf-8"))
        if dialect in item["dialects"]
    }
    left_alone = json.loads((FIXTURES / "not_rewritten.json").read_text("utf-8"))[dialect]
    found, changed, used = {}, {}, set()
    for name, text in texts_in(dialect):
        query = parse_query(text, dialect).query
        assert query is not None, name
        if why := why_unfaithful(text, query, dialect):
            found[name] = why
            continue
        made = changes(words(text, dialect), words(query.sql(dialect, comments=False), dialect))
        used |= made & same
        if made - same:
            changed[name] = sorted(made - same)

    assert changed == {}
    assert found == left_alone
    assert used == same, "what no text needs any more"
