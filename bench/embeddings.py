"""Compares embeddings: does the beginning of a query find another instance of its own template?

    python bench/embeddings.py FOLDER -d DATABASE

For each query of the folder one other instance (constants, some columns, some aliases changed) goes into the index;
then the query is cut at a quarter, half, three quarters and all of its lines, and its text so far is looked up.
"""

import argparse
import asyncio
import tempfile
import time
from pathlib import Path

import numpy as np

from speql_engines.connections import open_engine
from speql_server.cli.bench_prediction.instances import instances
from speql_speculator.predicting.embedding import Embedding
from speql_speculator.predicting.learnt_embedding import EmbeddingError, WordllamaEmbedding
from speql_speculator.predicting.tree_hash import TreeHash

SHARES = (0.1, 0.25, 0.5, 0.75, 1.0)


async def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("folder", type=Path)
    options.add_argument("-d", "--database", required=True)
    arguments = options.parse_args()
    engine = await open_engine(arguments.database)
    try:
        catalog = await engine.catalog()

        async def binds(sql: str) -> bool:
            return (await engine.bind(sql)).ok

        queries = [path.read_text().strip().rstrip(";") for path in sorted(arguments.folder.glob("*.sql"))]
        pairs = [(query, other) for query in queries for other in await instances(query, catalog, 1, binds)]
    finally:
        await engine.close()
    print(f"{len(pairs)} queries, an instance each; share of lookups whose first (first five) is the own template")
    embeddings: list[Embedding] = [TreeHash(256), TreeHash(512), TreeHash(1024)]
    with tempfile.TemporaryDirectory() as cache:
        try:
            embeddings.append(WordllamaEmbedding(Path(cache)))
        except EmbeddingError as error:
            print(error)
        for embedding in embeddings:
            print(f"{embedding.name:28}", *measured(embedding, pairs), sep="  ")


def measured(embedding: Embedding, pairs: list[tuple[str, str]]) -> list[str]:
    index = embedding.embed([other for _, other in pairs])
    found = []
    seconds = []
    for share in SHARES:
        first = among = 0
        for own, (query, _) in enumerate(pairs):
            lines = query.splitlines()
            text = "\n".join(lines[: max(1, round(len(lines) * share))])
            began = time.perf_counter()
            scores = index @ embedding.embed([text])[0]
            seconds.append(time.perf_counter() - began)
            best = np.argsort(-scores)[:5]
            first += int(best[0] == own)
            among += int(own in best)
        found.append(f"{share:.0%}: {first / len(pairs):.0%} ({among / len(pairs):.0%})")
    return [*found, f"{sorted(seconds)[len(seconds) // 2] * 1000:.1f} ms"]


if __name__ == "__main__":
    asyncio.run(main())
