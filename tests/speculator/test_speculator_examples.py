"""The examples in the docstrings of the speculator are true."""

import doctest
import importlib
import pkgutil

import pytest

import speql_speculator

MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(speql_speculator.__path__, "speql_speculator.")
    if not module.ispkg and doctest.DocTestFinder().find(importlib.import_module(module.name))
)


def test_there_are_examples() -> None:
    assert sum(doctest.testmod(importlib.import_module(name)).attempted for name in MODULES) > 10


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0
