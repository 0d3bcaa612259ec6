"""The examples in the docstrings of the speculator are true."""

import doctest
import importlib

import pytest


@pytest.mark.parametrize("name", ["closest_name", "relations", "statements", "superset", "tables", "tokens"])
def test_examples(name: str) -> None:
    result = doctest.testmod(importlib.import_module(f"speql_speculator.{name}"))
    assert result.attempted > 0
    assert result.failed == 0
