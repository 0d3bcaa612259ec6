"""The examples in docstrings of the adapters are true."""

import doctest
import importlib
import pkgutil

import pytest

import speql_engines

MODULES = [
    module.name for module in pkgutil.walk_packages(speql_engines.__path__, "speql_engines.", onerror=lambda _: None)
]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_are_true(name: str) -> None:
    try:
        module = importlib.import_module(name)
    except ImportError as error:
        pytest.skip(f"{error.name} is not installed")
    found = doctest.testmod(module)

    assert found.failed == 0


def test_there_are_examples() -> None:
    found = [
        importlib.import_module(f"speql_engines.{name}") for name in ("sqlstates", "statement_kinds", "database_names")
    ]

    assert sum(doctest.testmod(module).attempted for module in found) >= 3
