"""Vectors of past statements from the language model's endpoint, for the thread that looks for them."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import CancelledError

from speql_server.language_model.room import LanguageModel
from speql_speculator.language_model.redaction import redact
from speql_speculator.predicting.learnt_embedding import EmbeddingError, EndpointEmbedding
from speql_sql import Problem


def endpoint_embedding(model: LanguageModel, dialect: str) -> EndpointEmbedding:
    """The embedding that the settings name; used in a thread, while the event loop that this is called on goes on."""
    loop = asyncio.get_running_loop()
    settings = model.settings

    def ask(texts: Sequence[str]) -> Sequence[Sequence[float]]:
        if loop.is_closed():
            raise EmbeddingError("The server is closed.")
        asked = asyncio.run_coroutine_threadsafe(model.embed(texts), loop)
        try:
            found = asked.result(2 * settings.timeout_seconds)
        except (TimeoutError, CancelledError) as error:
            asked.cancel()
            raise EmbeddingError("The vectors of past statements have not come in time.") from error
        if isinstance(found, Problem):
            raise EmbeddingError(found.message, found.hint)
        return found

    def clean(text: str) -> str:
        redacted = redact(
            text,
            dialect,
            literals=settings.redact_literals,
            comments=settings.redact_comments,
            names=frozenset(),  # what is quoted may be a literal in the wrong quotes, and few vectors need it
        )
        return redacted.text.strip() if redacted is not None else ""

    return EndpointEmbedding(settings.embedding_model, settings.embedding_dimensions, ask, clean)
