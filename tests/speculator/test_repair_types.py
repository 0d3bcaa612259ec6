"""What repair leaves out because of its types does not bind on a real DuckDB, and what it leaves in does."""

from typing import Any

import pytest

from speql_speculator.repair import repair
from speql_speculator.resolving.impossible import _OF_NUMBERS, _ORDERING


@pytest.mark.parametrize("function", sorted(_OF_NUMBERS))
def test_functions_of_numbers(function: str, schemas: dict[str, Any]) -> None:
    flights = schemas["flights"]
    for argument, possible in (("carrier", False), ("f", False), ("distance", True)):
        typed = f"SELECT {function}({argument}), 1 FROM flights f"
        result = repair(typed, flights.catalog, len(typed) + 1)
        assert (result.sql == typed) == possible, typed
        assert flights.binding_error(result.sql) is None, result.sql
        if not possible:
            assert flights.binding_error(typed) is not None, typed
            assert [problem.code for problem in result.problems] == ["wrong-type"], typed


@pytest.mark.parametrize("operator", sorted(_ORDERING))
def test_comparisons(operator: str, schemas: dict[str, Any]) -> None:
    flights = schemas["flights"]
    sides = ("carrier", "distance", "time_hour", "f", "5", "'5'", "NULL")
    for left in sides:
        for right in sides:
            typed = f"SELECT month FROM flights f WHERE {left} {operator} {right} AND year = 2013"
            result = repair(typed, flights.catalog, len(typed) + 1)
            if result.sql != typed:
                assert flights.binding_error(typed) is not None, typed
                assert flights.binding_error(result.sql) is None, result.sql
    typed = f"SELECT month FROM flights WHERE distance {operator} time_hour AND year = 2013"
    assert repair(typed, flights.catalog, len(typed) + 1).sql == "SELECT month FROM flights WHERE year = 2013"


def test_nested_aggregates(schemas: dict[str, Any]) -> None:
    flights = schemas["flights"]
    typed = "SELECT month, max(count(*)) FROM flights GROUP BY month"
    assert repair(typed, flights.catalog, len(typed) + 1).sql == "SELECT month FROM flights GROUP BY month"
    windowed = "SELECT month, sum(count(*)) OVER (ORDER BY month) FROM flights GROUP BY month"
    assert repair(windowed, flights.catalog, len(windowed) + 1).edits == ()
