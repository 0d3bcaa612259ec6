"""The examples of docs/repair.md are true, and each of them binds."""

import re
from pathlib import Path
from typing import Any

import pytest

from speql_speculator.repair import repair

PAGE = Path(__file__).parents[2] / "docs" / "repair.md"
EXAMPLES = re.findall(r"^\| `([^`]*▮[^`]*)` \| `([^`]*)` \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)


def test_there_are_examples() -> None:
    assert len(EXAMPLES) > 10


@pytest.mark.parametrize(("typed", "runs"), EXAMPLES)
def test_example(typed: str, runs: str, schemas: dict[str, Any]) -> None:
    result = repair(typed.replace("▮", ""), schemas["flights"].catalog, typed.index("▮"))
    assert result.sql is not None
    assert " ".join(result.sql.split()) == runs
    assert schemas["flights"].binding_error(result.sql) is None
