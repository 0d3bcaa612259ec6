"""What leaves for the vectors of an endpoint."""

import asyncio
from collections.abc import Sequence
from typing import Any

from speql_server.language_model.endpoint_embedding import endpoint_embedding
from speql_speculator.language_model.settings import LanguageModelSettings


class Recording:
    """A language model that writes down what it is sent."""

    def __init__(self) -> None:
        self.settings = LanguageModelSettings(embedding_model="m", embedding_dimensions=2)
        self.sent: list[str] = []

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        self.sent += texts
        return [[1.0, 0.0] for _ in texts]


async def test_no_literal_leaves_in_whatever_quotes_it_stands() -> None:
    model: Any = Recording()
    typed = [
        'SELECT a FROM t WHERE name = "Smith"',
        "SELECT a FROM t WHERE name = 'Smith' -- Smith",
        "SELECT a FROM t WHERE name = “Smith”",
    ]
    await asyncio.to_thread(endpoint_embedding(model, "duckdb").embed, typed)
    assert model.sent == [
        'SELECT a FROM t WHERE name = "name_1"',
        "SELECT a FROM t WHERE name = 'text_1'",
    ]
