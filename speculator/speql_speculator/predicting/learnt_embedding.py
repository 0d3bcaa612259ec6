"""Embeddings that were learnt from text: wordllama's from its wheel, or those of an endpoint."""

from collections.abc import Callable, Sequence
from pathlib import Path
from shutil import copytree
from typing import Any

import numpy as np

from speql_speculator.predicting.embedding import Vectors, unit_length
from speql_sql import SpeqlError


class EmbeddingError(SpeqlError):
    """An embedding cannot be had."""


class WordllamaEmbedding:
    """wordllama's 256 dimensions: static token vectors, averaged. Weights come with its wheel; nothing is downloaded.

    ``cache`` is a directory of ours: wordllama wants to find weights and tokenizer in one, and would download what it
    does not find there. Raises :class:`EmbeddingError` if the optional package is not installed.
    """

    name = "wordllama-256"
    dimensions = 256

    def __init__(self, cache: Path) -> None:
        try:
            import wordllama
        except ImportError as error:
            raise EmbeddingError("wordllama is not installed.", "pip install 'speql[embeddings]'") from error
        package = Path(wordllama.__file__).parent
        for folder in ("weights", "tokenizers"):
            if not (cache / folder).exists():
                copytree(package / folder, cache / folder)
        self._model: Any = wordllama.WordLlama.load(dim=256, cache_dir=cache, disable_download=True)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """The vectors of ``texts``: float32, shape (number of texts, 256)."""
        if not texts:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        return unit_length(np.asarray(self._model.embed(list(texts)), dtype=np.float32))


class EndpointEmbedding:
    """Vectors that somebody else makes: ``ask`` sends texts to an OpenAI-compatible endpoint and gives their vectors.

    ``ask`` returns one list of ``dimensions`` numbers a text, and raises :class:`EmbeddingError` for anything else.
    ``clean`` is put before it: what leaves the machine has no literals unless the user allowed them, and nothing
    leaves of a text that it makes empty.
    """

    def __init__(
        self,
        model: str,
        dimensions: int,
        ask: Callable[[Sequence[str]], Sequence[Sequence[float]]],
        clean: Callable[[str], str],
    ) -> None:
        self._model = model
        self._dimensions = dimensions
        self._ask = ask
        self._clean = clean
        self._known: dict[str, Vectors] = {}

    @property
    def name(self) -> str:
        """The endpoint's model and the length of its vectors."""
        return f"endpoint-{self._model}-{self._dimensions}"

    @property
    def dimensions(self) -> int:
        """The length of a vector."""
        return self._dimensions

    def embed(self, texts: Sequence[str]) -> Vectors:
        """The vectors of ``texts``: float32, shape (number of texts, dimensions); zero for what may not leave."""
        clean = [self._clean(text) for text in texts]
        wanted = [text for text in dict.fromkeys(clean) if text and text not in self._known]
        for start in range(0, len(wanted), _BATCH):
            self._learn(wanted[start : start + _BATCH])
        vectors = np.zeros((len(texts), self._dimensions), dtype=np.float32)
        for row, text in enumerate(clean):
            if text:
                vectors[row] = self._known[text]
        while len(self._known) > _REMEMBERED:
            del self._known[next(iter(self._known))]
        return unit_length(vectors)

    def _learn(self, texts: Sequence[str]) -> None:
        vectors = np.asarray(self._ask(texts), dtype=np.float32)
        if vectors.shape != (len(texts), self._dimensions):
            raise EmbeddingError(
                f"The endpoint's vectors have the shape {vectors.shape}, not {(len(texts), self._dimensions)}.",
                "Set embeddingDimensions to that of the model.",
            )
        self._known.update(zip(texts, vectors, strict=True))


_BATCH = 64
"""So many texts are sent at a time."""

_REMEMBERED = 256
"""So many vectors are kept: the same text is asked for more than once at a keystroke."""
