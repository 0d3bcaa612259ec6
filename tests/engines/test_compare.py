"""Bags of rows: equal, or why not."""

import datetime
import math
from collections import Counter
from decimal import Decimal

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speql_engines.compare import rows_differ

NAN = float("nan")
INFINITY = float("inf")


def table(*columns, names=None) -> pa.Table:
    return pa.table([pa.array(column) for column in columns], names=names or [f"c{i}" for i in range(len(columns))])


EQUAL = [
    (table([1, 2, 3]), table([3, 1, 2])),
    (table([1, 1, 2], ["a", "a", "b"]), table([1, 2, 1], ["a", "b", "a"])),
    (table([None, 1]), table([1, None])),
    (table([NAN, 1.0]), table([1.0, NAN])),
    (table([-0.0]), table([0.0])),
    (table([INFINITY, -INFINITY]), table([-INFINITY, INFINITY])),
    (table([0.1 + 0.2]), table([0.3])),
    (table([1e300]), table([1e300 * (1 + 1e-12)])),
    (table([1.0, 1.0 + 1e-10], [5.0, 3.0]), table([1.0, 1.0 + 1e-10], [3.0, 5.0])),
    (table([1.0, 1.0 + 1e-10, NAN], [None, 3.0, 1.0]), table([NAN, 1.0, 1.0 + 1e-10], [1.0, 3.0, None])),
    (table([[1, 2], [], None]), table([None, [1, 2], []])),
    (table([{"a": 1, "b": [{"c": "x"}]}]), table([{"a": 1, "b": [{"c": "x"}]}])),
    (table([[1.0, NAN], [2.0]]), table([[2.0 + 1e-12], [1.0, NAN]])),
    (table([{"a": 0.1 + 0.2}, {"a": None}]), table([{"a": None}, {"a": 0.3}])),
    (table([Decimal("1.50")], [datetime.date(2020, 1, 1)]), table([Decimal("1.50")], [datetime.date(2020, 1, 1)])),
    (table([b"\x00", b""]), table([b"", b"\x00"])),
    (table([], []), table([], [])),
    (pa.table([]), pa.table([])),
    (table([1, 2], [3, 4], names=["a", "a"]), table([2, 1], [4, 3], names=["a", "a"])),
    (pa.table({"c0": pa.array(["a", "b"]).dictionary_encode()}), table(["b", "a"])),
    (pa.table({"c0": pa.array([1.0], pa.float32())}), pa.table({"c0": pa.array([1.0000001], pa.float32())})),
]

DIFFERENT = [
    (table([1, 2]), table([1, 2, 2]), "2 rows and 3 rows"),
    (table([1, 1, 2]), table([1, 2, 2]), "1 row differ"),
    (table([1, None]), table([1, 1]), "differ"),
    (table([1.0, None]), table([1.0, 1.0]), "differ"),
    (table([0.0]), table([None]).cast(pa.schema([("c0", pa.float64())])), "differ"),
    (table([0.3]), table([0.3001]), "differ"),
    (table([1.0]), table([NAN]), "differ"),
    (table([1.0]), table([INFINITY]), "differ"),
    (table([INFINITY]), table([-INFINITY]), "differ"),
    (table([1e-300]), table([2e-300]), "differ"),
    (table([1.0, 1.0 + 1e-10], [5.0, 3.0]), table([1.0, 1.0 + 1e-10], [3.0, 5.1]), "differ"),
    (table(["a", "b"], [1.0, 2.0]), table(["b", "a"], [1.0, 2.0]), "differ"),
    (table([[1, 2]]), table([[2, 1]]), "differ"),
    (table([[1.0]]), table([[1.0, 1.0]]), "differ"),
    (table([[]]).cast(pa.schema([("c0", pa.list_(pa.float64()))])), table([[0.0]]), "differ"),
    (table([1]), table([1], [1]), "1 columns and 2 columns"),
    (table([1], names=["a"]), table([1], names=["b"]), "column 1 is named 'a' and 'b'"),
    (table([1]), table([1.0]), "column 1 has type int64 and double"),
    (table([1]), table(["1"]), "type"),
]


@pytest.mark.parametrize(("left", "right"), EQUAL)
def test_equal(left, right) -> None:
    assert rows_differ(left, right) is None
    assert rows_differ(right, left) is None


@pytest.mark.parametrize(("left", "right", "says"), DIFFERENT)
def test_different(left, right, says) -> None:
    reason = rows_differ(left, right)
    assert reason is not None
    assert says in reason
    assert "\n" not in reason
    assert rows_differ(right, left) is not None


def test_order_counts_when_asked_for() -> None:
    left, right = table([1, 2, 3], [0.1, 0.2, 0.3]), table([1, 3, 2], [0.1, 0.3, 0.2])
    assert rows_differ(left, right) is None
    assert "row 2" in rows_differ(left.select([0]), right.select([0]), ordered=True)
    assert rows_differ(left, right, ordered=True) is not None
    near = table([1, 2, 3], [0.1, 0.2, 0.1 + 0.2])
    assert rows_differ(left, near, ordered=True) is None


def test_names_and_types_can_be_left_out() -> None:
    left, right = table([1, 2], names=["a"]), table([2.0, 1.0], names=["b"])
    assert rows_differ(left, right, same_names=False, same_types=False) is None
    assert rows_differ(left, right, same_types=False) is not None
    assert rows_differ(left, right, same_names=False) is not None
    decimals = table([Decimal("1.0"), Decimal("2.0")])
    assert rows_differ(decimals, table([2, 1]), same_types=False) is None
    assert rows_differ(decimals, table([2.0, 1.0 + 1e-12]), same_types=False) is None
    assert rows_differ(decimals, table([2, 2]), same_types=False) is not None
    assert rows_differ(table([2**62]), table([2**62 + 1]), same_types=False) is not None
    assert rows_differ(decimals, table([Decimal("1.00"), Decimal("2.01")]), same_types=False) is not None


def test_tolerances_can_be_set() -> None:
    left, right = table([100.0]), table([101.0])
    assert rows_differ(left, right, relative_tolerance=0.02) is None
    assert rows_differ(left, right, absolute_tolerance=1.5) is None
    assert rows_differ(table([0.1 + 0.2]), table([0.3]), relative_tolerance=0) is not None
    assert rows_differ(table([1e-17]), table([0.0])) is not None
    assert rows_differ(table([1e-17]), table([0.0]), absolute_tolerance=1e-15) is None


def test_a_last_digit_in_the_first_column_misaligns_nothing() -> None:
    # 300 rows that all agree in the first float but for the last digit, and differ in the second: sorting by the
    # first pairs them wrongly.
    rng = np.random.default_rng(7)
    second = np.arange(300.0)
    left = table(1.0 + rng.random(300) * 1e-12, second)
    right = table(1.0 + rng.random(300) * 1e-12, rng.permutation(second))
    assert rows_differ(left, right) is None
    changed = right.set_column(1, "c1", pa.array(np.where(right["c1"].to_numpy() == 7, 7.5, right["c1"].to_numpy())))
    assert rows_differ(left, changed) is not None


def test_matching_is_exact_where_neighbours_overlap() -> None:
    # A chain: each is near its neighbour, not to the next but one; only one pairing works.
    left = table([1.0, 2.0, 3.0], [0.0, 0.0, 0.0])
    right = table([1.9, 2.9, 1.1], [0.0, 0.0, 0.0])
    assert rows_differ(left, right, relative_tolerance=0, absolute_tolerance=0.95) is None
    assert (
        rows_differ(left, table([1.1, 1.2, 1.3], [0.0] * 3), relative_tolerance=0, absolute_tolerance=0.95) is not None
    )


def test_large_tables_in_another_order_are_equal() -> None:
    rows = 500_000
    rng = np.random.default_rng(1)
    left = pa.table({"k": rng.integers(0, 10**9, rows), "s": pa.array(rng.integers(0, 99, rows)).cast(pa.string())})
    order = rng.permutation(rows)
    assert rows_differ(left, left.take(pa.array(order))) is None
    floats = rng.random(rows)
    left = left.append_column("x", pa.array(floats))
    right = left.set_column(2, "x", pa.array(floats * (1 + 1e-15))).take(pa.array(order))
    assert rows_differ(left, right) is None


VALUES = st.one_of(st.none(), st.integers(0, 3))
FLOATS = st.one_of(st.none(), st.sampled_from([0.0, -0.0, 1.0, 2.0, NAN, INFINITY]))
ROWS = st.lists(st.tuples(VALUES, st.one_of(st.none(), st.sampled_from("ab")), FLOATS), max_size=8)
SCHEMA = pa.schema([("i", pa.int64()), ("s", pa.string()), ("x", pa.float64())])


def of_rows(rows) -> pa.Table:
    return pa.table([pa.array([row[i] for row in rows], SCHEMA.field(i).type) for i in range(3)], schema=SCHEMA)


def bag(rows) -> Counter:
    """The bag by Python's own means: NaN by its name, -0.0 as 0.0."""
    return Counter((i, s, "nan" if x is not None and math.isnan(x) else x) for i, s, x in rows)


@given(ROWS, ROWS)
@settings(max_examples=60)
def test_agrees_with_counting(left, right) -> None:
    assert (rows_differ(of_rows(left), of_rows(right)) is None) == (bag(left) == bag(right))


@given(ROWS, st.randoms(use_true_random=False))
@settings(max_examples=40)
def test_order_and_last_digits_do_not_matter(rows, random) -> None:
    shaken = [(i, s, x if x is None else x * (1 + random.uniform(-4e-10, 4e-10))) for i, s, x in rows]
    random.shuffle(shaken)
    assert rows_differ(of_rows(rows), of_rows(shaken)) is None


@given(ROWS.filter(bool), st.randoms(use_true_random=False))
@settings(max_examples=40)
def test_one_changed_value_is_seen(rows, random) -> None:
    place = random.randrange(len(rows))
    i, s, x = rows[place]
    changed = [*rows]
    changed[place] = random.choice([(99, s, x), (i, "zz", x), (i, s, 7.5)])
    random.shuffle(changed)
    assert rows_differ(of_rows(rows), of_rows(changed)) is not None


def test_results_of_duckdb_compare() -> None:
    types = "1::HUGEINT, 'a'::ENUM ('a', 'b'), INTERVAL 1 MONTH, MAP {'k': 1}, [1.5::FLOAT], '2020-01-01'::TIMESTAMPTZ"
    with duckdb.connect() as connection:
        left = connection.sql(f"SELECT {types}, * FROM range(3)").to_arrow_table()
        right = connection.sql(f"SELECT {types}, * FROM range(3) ORDER BY ALL DESC").to_arrow_table()
        other = connection.sql(f"SELECT {types}, * FROM range(1, 4)").to_arrow_table()
    assert rows_differ(left, right) is None
    assert rows_differ(left, other) is not None
