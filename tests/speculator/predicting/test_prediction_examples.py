import doctest
import importlib

import pytest


@pytest.mark.parametrize("name", ["changing_constants", "normalise", "secret_words", "words"])
def test_examples(name: str) -> None:
    result = doctest.testmod(importlib.import_module(f"speql_speculator.predicting.{name}"))
    assert result.attempted
    assert not result.failed
