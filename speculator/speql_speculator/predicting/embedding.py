"""Texts as vectors whose nearness says how alike the statements are."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]


class Embedding(Protocol):
    """Turns statements, whole or broken off, into vectors of length 1 (or 0 for a text that says nothing).

    ``name`` changes whenever the vectors would: an index made under another name is made anew.
    """

    @property
    def name(self) -> str:
        """What tells these vectors from those of another embedding."""
        ...

    @property
    def dimensions(self) -> int:
        """The length of a vector."""
        ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """The vectors of ``texts``: float32, shape (number of texts, dimensions). Raises nothing on any text."""
        ...


def unit_length(vectors: Vectors) -> Vectors:
    """The vectors scaled to length 1; zero stays zero. Their inner product is then the cosine of their angle."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(lengths == 0, 1, lengths), dtype=np.float32)
