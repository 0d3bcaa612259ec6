"""Embeddings: a broken text lies near what it becomes; what is given back has the shape that is promised."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from speql_speculator.predicting.embedding import Embedding
from speql_speculator.predicting.learnt_embedding import EmbeddingError, EndpointEmbedding, WordllamaEmbedding
from speql_speculator.predicting.normalise import without_literals
from speql_speculator.predicting.tree_hash import TreeHash


def finds_its_own(embedding: Embedding, queries: Sequence[str], share: float) -> float:
    """The share of queries whose first lines find themselves."""
    vectors = embedding.embed(queries)
    heads = embedding.embed([query[: int(len(query) * share)] for query in queries])
    return float((np.argmax(heads @ vectors.T, axis=1) == np.arange(len(queries))).mean())


@pytest.mark.parametrize("schema", ["flights", "shop", "tpcds"])
def test_half_a_query_finds_the_whole(queries: dict[str, list[tuple[str, str]]], schema: str) -> None:
    texts = [text for _, text in queries[schema]]
    assert finds_its_own(TreeHash(), texts, 0.5) >= 0.85


def test_literals_and_letter_case_do_not_count() -> None:
    left, right = TreeHash().embed(["SELECT a FROM t WHERE b = 1", "select A from T where B = 200"])
    assert left == pytest.approx(right)


@given(st.lists(st.text(max_size=40), max_size=4))
def test_vectors_have_length_one_or_none(texts: list[str]) -> None:
    vectors = TreeHash(64).embed(texts)
    assert vectors.shape == (len(texts), 64)
    assert vectors.dtype == np.float32
    lengths = np.linalg.norm(vectors, axis=1)
    assert all(length == pytest.approx(1, abs=1e-5) or length == 0 for length in lengths)


def test_wordllama_needs_no_download(tmp_path: Path, queries: dict[str, list[tuple[str, str]]]) -> None:
    pytest.importorskip("wordllama")
    embedding = WordllamaEmbedding(tmp_path)
    assert embedding.embed([]).shape == (0, 256)
    assert finds_its_own(embedding, [text for _, text in queries["flights"]], 0.7) >= 0.7


def test_an_endpoint_sees_no_literals_and_has_to_keep_its_shape() -> None:
    seen: list[str] = []

    def ask(texts: Sequence[str]) -> list[list[float]]:
        seen.extend(texts)
        return [[3.0, 4.0] for _ in texts]

    assert EndpointEmbedding("m", 2, ask, without_literals).embed(["SELECT 'Ann', 17"])[0] == pytest.approx([0.6, 0.8])
    assert seen == ["SELECT '?', 0"]
    with pytest.raises(EmbeddingError, match="shape"):
        EndpointEmbedding("m", 3, ask, without_literals).embed(["SELECT 1"])
