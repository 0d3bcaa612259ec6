"""Whatever the white space, the layout is the same; and no layout changes what the engine reads, or a result."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speql_speculator.formatting.formatting import format_edits, formatted
from speql_speculator.formatting.style import Style
from speql_speculator.tokens import tokenize

from ..conftest import FIXTURES, read_cases, read_queries
from ..filled_schemas import NAMES, filled_schemas, queries_of, rows_of

MATCHING = Path(__file__).parents[2] / "fixtures" / "matching"


def _matching_queries() -> list[str]:
    found: list[str] = []
    for path in sorted(MATCHING.glob("*.sql")):
        found += re.findall(r"^(?:view|query) +(.+(?:\n  .+)*)", path.read_text(), flags=re.MULTILINE)
    return found


WHOLE = [text for name in NAMES for _, text in read_queries(FIXTURES / f"queries_{name}.sql")]
QUERIES = [*WHOLE, *_matching_queries()]
BROKEN = [case.typed for name in ("flights", "shop", "tpcds") for case in read_cases(FIXTURES / f"cases_{name}.txt")]
STYLES = st.builds(
    Style,
    st.sampled_from([2, 4]),
    st.booleans(),
    st.sampled_from([20, 60, 100]),
    st.sampled_from(["typed", "upper", "lower"]),
)
WHITE = st.sampled_from([" ", "  ", "\t", "\n", " \n  ", "\r\n"])
COMMENTS = st.sampled_from(["-- note\n", "/* note */", "/* two\n lines */", "\n-- own line\n", " -- 'quote\n"])


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def _tree(engine: duckdb.DuckDBPyConnection, sql: str) -> Any:
    """What the engine's own parser reads, without places."""
    found = engine.execute("SELECT json_serialize_sql(?)", [sql]).fetchone()
    assert found is not None
    return _without_places(json.loads(found[0]))


def _without_places(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_places(inner) for key, inner in value.items() if not key.startswith("query_location")}
    return [_without_places(inner) for inner in value] if isinstance(value, list) else value


@st.composite
def respaced(draw: st.DrawFn, *, comments: bool) -> tuple[str, str]:
    """A query, and the same with other white space where it has some."""
    text = draw(st.sampled_from(QUERIES))
    tokens = tokenize(text)
    parts: list[str] = []
    end = 0
    for token in tokens:
        between = text[end : token.start]
        if between and end and not between.strip():
            between = draw(WHITE)
            if comments and draw(st.integers(0, 9)) == 0:
                between += draw(COMMENTS) + draw(WHITE)
        parts += (between, token.text)
        end = token.end
    return text, "".join(parts)


@settings(max_examples=120, deadline=None)
@given(respaced(comments=False))
def test_the_layout_does_not_depend_on_white_space(texts: tuple[str, str]) -> None:
    text, other = texts
    assert formatted(other).replace("\r\n", "\n") == formatted(text)


@settings(max_examples=200, deadline=None)
@given(respaced(comments=True), STYLES)
def test_a_layout_is_stable_and_keeps_words_and_comments(texts: tuple[str, str], style: Style) -> None:
    text = texts[1]
    laid_out = formatted(text, style)
    assert formatted(laid_out, style) == laid_out
    before, after = (tokenize(one, comments=True) for one in (text, laid_out))
    assert [t.text.upper() for t in before if t.kind != "comment"] == [
        t.text.upper() for t in after if t.kind != "comment"
    ]
    comments = [[t.text.rstrip() for t in found if t.kind == "comment"] for found in (before, after)]
    assert [one.replace("\r\n", "\n") for one in comments[0]] == [one.replace("\r\n", "\n") for one in comments[1]]
    names = [[t.text for t in found if t.kind in ("quoted", "string", "number")] for found in (before, after)]
    assert names[0] == names[1]


@pytest.mark.parametrize("style", [Style(), Style(2, width=20, keyword_case="lower"), Style(keyword_case="upper")])
def test_the_engine_reads_the_same(engine: duckdb.DuckDBPyConnection, style: Style) -> None:
    changed = 0
    for text in QUERIES:
        laid_out = formatted(text, style)
        assert _tree(engine, laid_out) == _tree(engine, text), laid_out
        changed += laid_out != text
    assert changed > len(QUERIES) / 2


def test_nearly_every_query_is_laid_out() -> None:
    """A query of the fixtures, made one line of single spaces, is broken into lines unless it is short."""
    left = [text for text in WHOLE if "--" not in text and "\n" not in formatted(re.sub(r"\s+", " ", text))]
    assert all(len(re.sub(r"\s+", " ", text)) <= 60 for text in left), left


@pytest.mark.parametrize("schema", NAMES)
def test_results_stay(schema: str) -> None:
    with filled_schemas() as opened:
        connection, _ = opened[schema]
        for title, text in queries_of(schema):
            for style in (Style(), Style(width=30, keyword_case="lower")):
                assert rows_of(connection, formatted(text, style)) == rows_of(connection, text), title


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_text_is_answered(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from([*BROKEN, *WHOLE]))
    for _ in range(data.draw(st.integers(0, 3))):
        start = data.draw(st.integers(0, len(text)))
        piece = data.draw(st.sampled_from(["(", ")", "'", '"', ",", ";", "/*", "--", "\n", "é😀", "{", "[", "$$", ""]))
        text = text[:start] + piece + text[start + data.draw(st.integers(0, 5)) :]
    edits = format_edits(text)
    position = 0
    for edit in edits:
        assert position <= edit.span.start <= edit.span.end <= len(text)
        position = edit.span.end
    laid_out = formatted(text)
    assert formatted(laid_out) == laid_out
    assert [t.text for t in tokenize(laid_out)] == [t.text for t in tokenize(text)]
