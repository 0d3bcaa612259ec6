"""The default embedding: a feature hash of the tree that every text has, also when it does not parse."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from zlib import crc32

import numpy as np

from speql_speculator.predicting.embedding import Vectors, unit_length
from speql_speculator.predicting.words import NEW_NAME, read

_WEIGHTS = {"table": 3.0, "column": 2.0, "call": 1.0, "keyword": 0.4, "literal": 0.3, "mark": 0.0, "alias": 0.0}
_PAIR_WEIGHT = 0.7


class TreeHash:
    """Hashes what a statement names, where in its tree, and beside what, into one vector (Weinberger et al., 2009).

    The tree is that of parentheses, SELECTs and clauses, which a broken text has as well, so a text that is being
    typed lies near the statement that it will be. Literals and aliases count by their kind only. No download, no
    state: 1 to 3 ms a statement of 100 words, nearly all of it reading the text.
    """

    def __init__(self, dimensions: int = 512, dialect: str = "duckdb") -> None:
        self._dimensions = dimensions
        self._dialect = dialect

    @property
    def name(self) -> str:
        """The version of the features and their number."""
        return f"tree-hash-1-{self._dimensions}-{self._dialect}"

    @property
    def dimensions(self) -> int:
        """The length of a vector."""
        return self._dimensions

    def embed(self, texts: Sequence[str]) -> Vectors:
        """The vectors of ``texts``: float32, shape (number of texts, dimensions)."""
        vectors = np.zeros((len(texts), self._dimensions), dtype=np.float32)
        for row, text in enumerate(texts):
            weights: Counter[str] = Counter()
            for feature, weight in self._features(text):
                weights[feature] += weight  # type: ignore[assignment]  # Counter is typed for int only
            for feature, weight in weights.items():
                code = crc32(feature.encode("utf-8", "surrogatepass"))
                sign = 1.0 if code & 0x80000000 else -1.0
                # What is said ten times is not ten times as telling as what is said once.
                vectors[row, (code & 0x7FFFFFFF) % self._dimensions] += sign * math.sqrt(weight)
        return unit_length(vectors)

    def _features(self, text: str) -> Iterator[tuple[str, float]]:
        before = ""
        for word in read(text, self._dialect).words:
            weight = _WEIGHTS[word.kind]
            if weight:
                yield f"{word.kind}:{word.shape}", weight
                yield f"{word.clause}>{word.call}>{word.shape}", weight / 2
                if before:
                    yield f"{before} {word.shape}", _PAIR_WEIGHT
            if word.shape not in (NEW_NAME, "(", ")"):
                before = word.shape
