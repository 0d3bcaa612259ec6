"""The examples in docstrings, all of them, are true."""

import doctest
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = sorted(path for path in ROOT.glob("*/speql_*") if path.is_dir())


def _name(module: Path, package: Path) -> str:
    return ".".join(module.relative_to(package.parent).with_suffix("").parts)


MODULES = [
    _name(module, package)
    for package in PACKAGES
    for module in sorted(package.rglob("*.py"))
    if ">>> " in module.read_text()
]


def test_each_room_has_some() -> None:
    assert {name.partition(".")[0] for name in MODULES} == {package.name for package in PACKAGES}


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    found = doctest.testmod(importlib.import_module(name))
    assert found.attempted > 0
    assert found.failed == 0
