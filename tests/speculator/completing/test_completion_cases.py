"""Completion as data: a text with the cursor as ``|``, and what is proposed there."""

from pathlib import Path

import pytest

from speql_speculator.completing.completion import Completions, NameScores, completions
from speql_speculator.completing.documentation import documentation
from speql_speculator.completing.proposal import Proposal
from speql_speculator.completing.quoting import quoted
from speql_sql import Catalog, Column, ForeignKey, FunctionSignature, Parameter, Table

CASES = Path(__file__).parents[2] / "fixtures" / "completion" / "cases.txt"

FLIGHTS = Table(
    "flights",
    (
        Column("carrier", "VARCHAR"),
        Column("origin", "VARCHAR"),
        Column("dest", "VARCHAR"),
        Column("dep_delay", "INTEGER"),
        Column("Order", "INTEGER"),
    ),
    foreign_keys=(
        ForeignKey(("carrier",), "main.airlines", ("carrier",)),
        ForeignKey(("origin",), "main.airports", ("faa",)),
        ForeignKey(("dest",), "main.airports", ("faa",)),
    ),
    row_count=1_000,
)
CATALOG = Catalog(
    (
        FLIGHTS,
        Table("airlines", (Column("carrier", "VARCHAR", False), Column("name", "VARCHAR")), primary_key=("carrier",)),
        Table("airports", (Column("faa", "VARCHAR", False), Column("lat", "DOUBLE")), primary_key=("faa",)),
        Table(
            "bookings",
            (
                Column("name", "VARCHAR"),
                Column("place", "STRUCT(city VARCHAR, point STRUCT(lat DOUBLE, lon DOUBLE))"),
                Column("id", "INTEGER"),
            ),
            primary_key=("id",),
        ),
        Table("Odd Names", (Column("weird$col", "INTEGER"),)),
        Table("late", (Column("day", "DATE"),), kind="view"),
        Table("extra", (Column("z", "DATE"),), schema="other"),
        Table("orders", (Column("order_id", "INTEGER"),), schema="sales", primary_key=("order_id",)),
        Table("order_lines", (Column("order_id", "INTEGER"), Column("line", "INTEGER")), schema="sales"),
        Table("boxes", (Column("box", "INTEGER"),), database="attic"),
    )
)


def function(name: str, kind: str = "scalar", *parameters: str, returns: str = "") -> FunctionSignature:
    return FunctionSignature(name, tuple(map(Parameter, parameters)), returns, kind)  # type: ignore[arg-type]


FUNCTIONS = (
    function("count", "aggregate", "arg", returns="BIGINT"),
    function("lower", "scalar", "string", returns="VARCHAR"),
    function("range", "table", "start", "stop"),
    function("round", "scalar", "x"),
    function("round", "scalar", "x", "precision"),
    function("row_number", "window"),
    function("sum", "aggregate", "arg"),
    function("pg_typeof", "scalar", "x"),
)


def read_cases() -> list[tuple[str, list[str]]]:
    found = []
    for block in CASES.read_text().split("\n\n"):
        lines = [line for line in block.strip("\n").split("\n") if not line.startswith("# ")]
        text = "\n".join(line for line in lines if not line.startswith("=> "))
        found.append((text, [line.removeprefix("=> ") for line in lines if line.startswith("=> ")]))
    return found


def complete(marked: str, **more: object) -> Completions:
    offset = marked.index("|")
    return completions(marked.replace("|", "", 1), offset, CATALOG, FUNCTIONS, **more)  # type: ignore[arg-type]


def labels(proposals: tuple[Proposal, ...], *kinds: str) -> list[str]:
    return [one.label.replace(" ", "_") for one in proposals if not kinds or one.kind in kinds]


def check(expectation: str, proposals: tuple[Proposal, ...]) -> None:
    word, _, rest = expectation.partition(" ")
    expected, found = rest.split(), labels(proposals)
    if word == "nothing":
        assert found == []
    elif word == "no":
        assert labels(proposals, rest.removesuffix("s")) == []
    elif word == "has":
        assert [one for one in expected if one not in found] == [], found
    elif word == "not":
        assert [one for one in expected if one in found] == []
    elif word in ("first", "starts"):
        assert found[: len(expected)] == expected
    elif word == "only":
        assert found == expected
    elif word == "columns":
        assert sorted(labels(proposals, "column")) == sorted(expected)
    elif word == "sources":
        assert sorted(labels(proposals, "table", "view", "cte", "schema")) == sorted(expected)
    elif word == "writes":
        label, text = rest.split(" ", 1)
        assert {one.text for one in proposals if one.label.replace(" ", "_") == label} == {text}, found
    else:
        pytest.fail(f"There is no expectation {word}.")


@pytest.mark.parametrize(
    ("text", "expectations"), read_cases(), ids=lambda value: value if isinstance(value, str) else ""
)
def test_what_is_proposed(text: str, expectations: list[str]) -> None:
    assert expectations, "a case says what it expects"
    proposals = complete(text).proposals
    for expectation in expectations:
        check(expectation, proposals)


@pytest.mark.parametrize(
    ("marked", "whole", "inserted"),
    [
        ("SELECT dep| FROM flights", "dep", "dep"),
        ("SELECT d|ep FROM flights", "dep", "d"),
        ('SELECT "de|p" FROM flights', '"dep"', '"dep"'),
        ('SELECT "de| FROM flights', '"de', '"de'),
        ("SELECT f.| FROM flights f", "", ""),
        ("SELECT f.de|p FROM flights f", "dep", "de"),
        ("SELECT | FROM flights", "", ""),
    ],
)
def test_what_is_replaced(marked: str, whole: str, inserted: str) -> None:
    found = complete(marked)
    text = marked.replace("|", "", 1)
    assert found.proposals
    assert found.span.of(text) == whole
    assert text[found.span.start : found.insert_end] == inserted


VALUES = ("'AA'", "'B6'", "'O''Hare'")


@pytest.mark.parametrize(
    ("marked", "expected", "replaced"),
    [
        ("SELECT * FROM flights WHERE carrier = |", ["AA", "B6", "O'Hare"], ""),
        ("SELECT * FROM flights WHERE carrier <> |", ["AA", "B6", "O'Hare"], ""),
        ("SELECT * FROM flights f WHERE f.carrier LIKE |", ["AA", "B6", "O'Hare"], ""),
        ("SELECT * FROM flights WHERE carrier IS DISTINCT FROM |", ["AA", "B6", "O'Hare"], ""),
        ("SELECT * FROM flights WHERE carrier IN (|", ["AA", "B6", "O'Hare"], ""),
        ("SELECT * FROM flights WHERE carrier IN ('AA', |)", ["B6", "O'Hare"], ""),
        ("SELECT * FROM flights WHERE carrier NOT IN (|, 'B6')", ["AA", "O'Hare"], ""),
        ("SELECT * FROM flights WHERE carrier = 'A|", ["AA"], "'A"),
        ("SELECT * FROM flights WHERE carrier = 'A|' AND dep_delay = 1", ["AA"], "'A'"),
        ("SELECT * FROM flights WHERE carrier = 'A| AND dep_delay = 1", ["AA"], "'A"),
        ("SELECT * FROM flights WHERE carrier = '|'", ["AA", "B6", "O'Hare"], "''"),
        ("SELECT * FROM flights WHERE carrier = 'O''|'", ["O'Hare"], "'O'''"),
        ("WITH x AS (SELECT carrier AS c FROM flights) SELECT * FROM x WHERE c = |", ["AA", "B6", "O'Hare"], ""),
        (
            "WITH x AS (SELECT * FROM flights) SELECT * FROM x JOIN airlines USING (carrier) WHERE x.carrier = '|",
            None,
            "'",
        ),
        ("SELECT * FROM flights WHERE lower(carrier) = '|", [], "'"),
        ("SELECT * FROM flights WHERE carrier > '|", [], "'"),
        ("SELECT * FROM flights WHERE origin = '|", [], "'"),
        ("SELECT '|", [], "'"),
    ],
)
def test_values_of_the_column_that_is_compared(marked: str, expected: list[str] | None, replaced: str) -> None:
    asked = complete(marked, values={}).asks
    known = {asked: VALUES} if asked is not None and asked.column == "carrier" else {}
    found = complete(marked, values=known)
    values = [one.label for one in found.proposals if one.kind == "value"]
    assert values == (["AA", "B6", "O'Hare"] if expected is None else expected)
    assert found.span.of(marked.replace("|", "", 1)) == replaced
    if replaced:
        assert len(found.proposals) == len(values)


def test_a_value_is_written_as_a_literal() -> None:
    marked = "SELECT * FROM flights WHERE carrier = |"
    asked = complete(marked, values={}).asks
    assert asked is not None
    found = complete(marked, values={asked: VALUES})
    assert [one.text for one in found.proposals[:3]] == list(VALUES)
    assert found.asks is None


def test_values_that_are_not_known_are_asked_for_and_the_list_is_incomplete() -> None:
    found = complete("SELECT * FROM flights WHERE carrier = '|'", values={})
    assert found.asks is not None
    assert (found.asks.table, found.asks.column, found.incomplete) == ("flights", "carrier", True)
    assert complete("SELECT * FROM flights WHERE carrier = '|'", values=None).asks is None


@pytest.mark.parametrize(
    ("marked", "incomplete"),
    [
        ("SELECT * FROM flights WHERE|", False),
        ("SELECT * FROM flights |", False),
        ("SELECT f.| FROM flights f", False),
        ("SELECT carrier AS |", False),
        ("SELECT '|'", False),
        ("SELECT | FROM flights", True),  # functions wait for a letter
        ("SELECT a| FROM flights", True),  # the middle of names waits for three
        ("SELECT dep| FROM flights", False),
        ("SELECT * FROM |", True),  # table functions
        ("SELECT * FROM fli|", False),
    ],
)
def test_a_list_is_incomplete_only_if_a_longer_word_finds_more(marked: str, incomplete: bool) -> None:
    assert complete(marked).incomplete is incomplete


def test_what_was_named_before_comes_first() -> None:
    scores = NameScores({"dep_delay": 0.5, "dest": 0.2}, {"airports": 0.9})
    columns = labels(complete("SELECT | FROM flights", scores=scores).proposals, "column")
    assert columns[:3] == ["dep_delay", "dest", "carrier"]
    assert labels(complete("SELECT * FROM |", scores=scores).proposals, "table")[0] == "airports"


def test_a_list_has_a_limit() -> None:
    found = complete("SELECT | FROM flights", limit=3)
    assert labels(found.proposals) == ["carrier", "origin", "dest"]
    assert found.incomplete


def test_types_keys_and_rows_are_told() -> None:
    (carrier,) = [one for one in complete("SELECT a.| FROM airlines a").proposals if one.label == "carrier"]
    assert (carrier.detail, carrier.description) == (" VARCHAR", "a")
    said = documentation(carrier)
    assert said == "`airlines.carrier` VARCHAR\n\nPrimary key.\n\nNot null.\n\nColumn of table `airlines`."
    (carrier,) = complete("SELECT f.car| FROM flights f").proposals
    assert "Refers to main.airlines.carrier." in documentation(carrier)
    flights = complete("FROM flig|").proposals[0]
    assert flights.description == "main · 1,000 rows"
    assert "Table `main.flights`, 1,000 rows.\n\n- `carrier` VARCHAR Refers to main.airlines.carrier." in documentation(
        flights
    )
    (rounded,) = [one for one in complete("SELECT roun|").proposals if one.label == "round"]
    assert (rounded.detail, rounded.snippet) == ("(x) +1", "round($1)")
    assert documentation(rounded).startswith("```sql\nround(x)\nround(x, precision)\n```")


def test_a_partner_comes_as_a_snippet_with_its_alias_to_fill() -> None:
    partner = complete("SELECT * FROM flights AS f JOIN |").proposals[0]
    assert partner.text == "airlines AS a ON a.carrier = f.carrier"
    assert partner.snippet == "airlines AS ${1:a} ON ${1}.carrier = f.carrier$0"


@pytest.mark.parametrize(
    ("name", "dialect", "expected"),
    [
        ("carrier", "duckdb", "carrier"),
        ("Carrier", "duckdb", "Carrier"),
        ("order", "duckdb", '"order"'),
        ("a b", "duckdb", '"a b"'),
        ('a"b', "duckdb", '"a""b"'),
        ("1a", "duckdb", '"1a"'),
        ("Carrier", "postgres", '"Carrier"'),
        ("carrier", "postgres", "carrier"),
        ("CARRIER", "snowflake", "CARRIER"),
        ("carrier", "snowflake", '"carrier"'),
        ("a b", "bigquery", "`a b`"),
        ("a]b c", "tsql", "[a]]b c]"),
    ],
)
def test_names_are_quoted_where_they_must_be(name: str, dialect: str, expected: str) -> None:
    assert quoted(name, dialect) == expected
