"""Reading only what was edited gives what reading everything gives."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speql_speculator import statement_scan
from speql_speculator.common_ends import common_ends
from speql_speculator.statement_scan import scan_statements
from speql_speculator.statements import split_statements

PIECES = st.sampled_from(
    [
        *(
            "'",
            '"',
            "`",
            "$$",
            "$a$",
            "--",
            "/*",
            "*/",
            "*/*",
            ";",
            ";\n",
            "\n",
            "\n\n",
            "\r\n",
            " ",
            "(",
            ")",
            "[",
            "]",
        ),
        *(
            "\\",
            "e'",
            "E'it\\'s'",
            "select",
            "SELECT 1",
            "with x as (",
            "WITH",
            "é😀",
            "\0",
            "1.5e",
            ".",
            "union",
            "all",
        ),
        *(
            "'a''b'",
            "'two\nlines'",
            "/* a; b */",
            "-- c;d\n",
            "$t$;$t$",
            "recursive",
            "x as",
            "by name",
            "intersect_",
            ",",
        ),
        "WITH " + "n" * 220 + " AS (",
        "select a from t where b = 'c' group by all;\n",
        "select 1\n\nselect 2\n",
    ]
)
TEXTS = st.lists(PIECES, max_size=30).map("".join)
DIALECTS = st.sampled_from(["duckdb", "bigquery", "tsql", "snowflake", "spark"])


@settings(max_examples=400, deadline=None)
@given(TEXTS, st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), TEXTS), min_size=1, max_size=6), DIALECTS)
def test_any_edits_of_any_text(text: str, edits: list[tuple[float, float, str]], dialect: str) -> None:
    known = scan_statements(text, dialect)
    for place, length, inserted in edits:
        start = int(place * len(text))
        end = start + int(length * length * (len(text) - start))
        text = text[:start] + inserted + text[end:]
        known = scan_statements(text, dialect, known)
        assert known == scan_statements(text, dialect)


# Where an edit changes what was read far before it, or far behind.
FAR = [
    ("select 'a;\n" + "select 1;\n" * 20 + "select b", "'"),
    ("select /* a;\n" + "select 1;\n" * 20, "*/"),
    ("select $$ a;\n" + "select 1;\n" * 20, "$$"),
    ("select 1;\n" * 20, "'"),
    ("select (1\n\nselect 2;\n" * 10, ")"),
    ("select a\n  \nWITH x\n" * 10, " as (select 1)"),
]


@pytest.mark.parametrize(("text", "typed"), FAR)
def test_what_an_edit_changes_far_away(text: str, typed: str) -> None:
    known = scan_statements(text, "duckdb")
    for place in range(len(text) + 1):
        edited = text[:place] + typed + text[place:]
        there = scan_statements(edited, "duckdb", known)
        assert there == scan_statements(edited, "duckdb")
        assert scan_statements(text, "duckdb", there) == known


def test_a_keystroke_reads_its_own_statement(monkeypatch: pytest.MonkeyPatch) -> None:
    statement = "SELECT a, 'b''c', count(*)\nFROM t -- all of it\nWHERE x >= 1.5\nGROUP BY ALL;\n"
    text = statement * 2_500
    known = scan_statements(text, "duckdb")
    assert len(known.statements) == 2_500
    read = []
    tokens_of = statement_scan.tokenize_coarsely

    def counted(*arguments: object) -> object:
        for token in tokens_of(*arguments):  # type: ignore[arg-type]
            read.append(token)
            yield token

    monkeypatch.setattr(statement_scan, "tokenize_coarsely", counted)
    for place in (0, len(text) // 2, len(text) - 3):
        for typed in ("x", " ", "\n", "'y'", "/* z */"):
            read.clear()
            edited = text[:place] + typed + text[place:]
            scan_statements(edited, "duckdb", known)
            assert len(read) < 60, (place, typed)


def test_the_same_statements_whether_remembered_or_not() -> None:
    text = "select 1;\n" * 500
    for place in (5, 2_500, 4_999):
        edited = text[:place] + "'" + text[place:]
        assert split_statements(edited) == scan_statements(edited, "duckdb").statements
        assert split_statements(text) == scan_statements(text, "duckdb").statements


@given(st.text("ab", max_size=12), st.text("ab", max_size=12), st.integers(0, 3), st.integers(0, 3))
def test_common_ends(before: str, after: str, head: int, tail: int) -> None:
    # Longer than the blocks that are compared, and around their edges.
    before, after = ("x" * 4_095 * head + one + "y" * 4_097 * tail for one in (before, after))
    start, end = common_ends(before, after)
    assert before[:start] == after[:start]
    assert end == 0 or before[-end:] == after[-end:]
    shortest = min(len(before), len(after))
    assert start + end <= shortest
    if start + end < shortest:
        assert before[start] != after[start]
        assert before[-1 - end] != after[-1 - end]
