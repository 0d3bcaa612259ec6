"""Each type stands behind the item that makes its column: checked by the names that the engine gives the columns."""

import re

import pytest

from speql_speculator.navigating.document import models_of
from speql_speculator.navigating.hints import ColumnHints, hints, type_labels

from .test_diagnostic_places import judge_of
from .test_no_false_errors import FIXTURES, corpus, matching_queries, schema

_ALIAS = re.compile(r'\bas\s+(\w+|"[^"]+")$', re.IGNORECASE)


@pytest.mark.parametrize("name", ["matching", "flights", "shop", "tpcds"])
async def test_names_and_types_belong_together(name: str) -> None:
    path = FIXTURES / "matching/schema.sql" if name == "matching" else FIXTURES / f"repair/schema_{name}.sql"
    texts = matching_queries() if name == "matching" else corpus(name)
    told = 0
    async for judge in judge_of(None, *schema(path)):
        catalog = await judge.engine.catalog()
        for text in texts:
            found = [hint for located in models_of(text, catalog) for hint in hints(located)]
            for hint in (one for one in found if isinstance(one, ColumnHints)):
                columns = [(column.name, column.type) for column in (await judge.engine.bind(hint.sql)).columns]
                for number, label, _ in type_labels(hint.items, columns):
                    alias = _ALIAS.search(text[: hint.items[number].end])
                    if alias is None or hint.items[number].star:
                        continue
                    told += 1
                    behind_star = any(item.star for item in hint.items[:number])
                    column, type_name = columns[number - len(hint.items) if behind_star else number]
                    assert (column.lower(), label) == (alias[1].strip('"').lower(), f": {type_name}"), hint.sql
    assert told
