"""The examples in the docstrings of the language model's room are true."""

import doctest
import importlib

import pytest


@pytest.mark.parametrize(
    "name",
    [
        "answers",
        "difference",
        "ladder",
        "prices",
        "profiles",
        "redaction",
        "schema_linking",
        "secret",
        "usage",
        "worth_asking",
    ],
)
def test_examples(name: str) -> None:
    result = doctest.testmod(importlib.import_module(f"speql_speculator.language_model.{name}"))
    assert result.attempted > 0
    assert result.failed == 0
