"""How many texts a language model mends that the rules cannot, and what that costs.

``python bench/language_model.py --profile llama.cpp --base-url http://127.0.0.1:8080/v1`` asks a server that runs;
``--serve MODEL.gguf --server-python PYTHON`` starts llama.cpp's server for the time of the run (see ``make test-llm``).
Keys are found as the language server finds them. Literals are redacted, as there.
"""

import argparse
import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import duckdb
import msgspec

from language_model_cases import Case, broken_cases
from speql_server.language_model.key import key_of
from speql_speculator.language_model.client import load_openai
from speql_speculator.language_model.endpoint import Endpoint, endpoint_of
from speql_speculator.language_model.ladder import Outcome, Question, climb
from speql_speculator.language_model.model import Model
from speql_speculator.language_model.settings import LanguageModelSettings
from speql_speculator.tokens import tokenize
from speql_sql import Catalog, Problem
from speql_sql.ddl import catalog_of_ddl
from speql_sql.guard import GuardPolicy
from speql_sql.secret import Secret

FIXTURES = Path(__file__).parent.parent / "tests" / "fixtures" / "repair"
START_SECONDS = 120.0


@dataclass(frozen=True)
class Measured:
    """What came of one text."""

    case: Case
    outcome: Outcome
    seconds: float
    tokens: int
    dollars: float
    exact: bool

    @property
    def mended(self) -> bool:
        return self.outcome.repair is not None

    @property
    def as_meant(self) -> bool:
        """Whether the words are those of the query that the text was made of."""
        repaired, meant = self.outcome.repair, self.case.meant
        return repaired is not None and meant is not None and _words(str(repaired.sql)) == _words(meant)


async def measure(settings: LanguageModelSettings, count: int, seed: int) -> tuple[list[Measured], Endpoint]:
    """Ask about ``count`` texts, one after the other."""
    endpoint = endpoint_of(settings)
    if isinstance(endpoint, Problem):
        raise SystemExit(endpoint.text)
    key = key_of(endpoint, settings)
    if not isinstance(key, Secret):
        raise SystemExit(key.text)
    ddl = (FIXTURES / "schema_tpcds.sql").read_text()
    catalog: Catalog = catalog_of_ddl(ddl).catalog
    connection = duckdb.connect()
    connection.execute(ddl)

    async def binds(sql: str) -> bool:
        try:
            connection.execute(f"EXPLAIN {sql}")
        except duckdb.Error:
            return False
        return True

    load_openai()
    model = Model(endpoint, key, settings, now=time.perf_counter, sleep=asyncio.sleep, today=time.time)
    found = []
    try:
        for case in await broken_cases(FIXTURES, catalog, binds, count, seed, settings.ask_below):
            before, started = model.spending.charges, time.perf_counter()
            question = Question(case.typed, case.cursor, catalog, policy=GuardPolicy.for_catalog(catalog))
            outcome = await climb(question, settings, settings.attempts, model.ask, binds, one_model=endpoint.one_model)
            charges = model.spending.charges[len(before) :]
            found.append(
                Measured(
                    case,
                    outcome,
                    time.perf_counter() - started,
                    sum(charge.tokens for charge in charges),
                    sum(charge.dollars for charge in charges),
                    all(not charge.estimated for charge in charges),
                )
            )
            _tell(found[-1])
    finally:
        await model.close()
        connection.close()
    return found, endpoint


def report(found: list[Measured], endpoint: Endpoint) -> dict[str, Any]:
    """The figures."""
    if not found:
        return {"texts": 0}
    kinds = Counter(one.case.kind for one in found)
    known = [one for one in found if one.case.meant is not None]
    return {
        "model": [endpoint.small_model, endpoint.large_model],
        "texts": len(found),
        "mended": sum(one.mended for one in found),
        "mended by kind": {
            kind: f"{sum(one.mended for one in found if one.case.kind == kind)} of {of}" for kind, of in kinds.items()
        },
        "mended as meant, of whole queries": f"{sum(one.as_meant for one in known)} of {len(known)}",
        "calls a text": round(statistics.mean(len(one.outcome.answers) for one in found), 2),
        "tokens a text": round(statistics.mean(one.tokens for one in found)),
        "tokens reported by the endpoint": all(one.exact for one in found),
        "seconds a text, median": round(statistics.median(one.seconds for one in found), 2),
        "seconds a text, longest": round(max(one.seconds for one in found), 2),
        "dollars a text": round(statistics.mean(one.dollars for one in found), 6),
        "dollars, the dearest text": round(max(one.dollars for one in found), 6),
        "not mended because": dict(
            Counter(one.outcome.problem.code for one in found if not one.mended and one.outcome.problem is not None)
        ),
    }


@contextmanager
def served(model: Path, python: str) -> Iterator[str]:
    """llama.cpp's server on a free port of this machine; gives its address, and stops it at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [python, "-m", "llama_cpp.server", "--model", str(model), "--host", "127.0.0.1", "--port", str(port)]
    threads = str(max((os.cpu_count() or 2) - 1, 1))
    log = (model.parent / "server.log").open("wb")
    process = subprocess.Popen([*command, "--n_ctx", "8192", "--n_threads", threads], stdout=log, stderr=log)
    try:
        base_url = f"http://127.0.0.1:{port}/v1"
        _wait_for(base_url, process)
        yield base_url
    finally:
        process.terminate()
        process.wait(timeout=30)
        log.close()


def _wait_for(base_url: str, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            urlopen(f"{base_url}/models", timeout=5).close()
            return
        except (URLError, OSError):
            time.sleep(0.5)
    raise SystemExit("llama.cpp's server has not started; its server.log beside the model says why.")


def _words(sql: str) -> list[str]:
    return [token.upper or token.text for token in tokenize(sql)]


def _tell(one: Measured) -> None:
    problem = one.outcome.problem.code if one.outcome.problem is not None else ""
    result = "mended as meant" if one.as_meant else "mended" if one.mended else f"not mended: {problem}"
    calls = len(one.outcome.answers)
    print(f"{one.case.name}, {one.case.kind}: {result} ({calls} calls, {one.tokens} tokens, {one.seconds:.1f} s)")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--profile", default="llama.cpp")
    parser.add_argument("--base-url", default="")
    parser.add_argument("--small", default="", help="the small model's name")
    parser.add_argument("--large", default="", help="the large model's name")
    parser.add_argument("--cases", type=int, default=50)
    parser.add_argument("--seed", type=int, default=20250801)
    parser.add_argument("--attempts", type=int, default=2, help="N of the ladder")
    parser.add_argument("--timeout", type=float, default=120.0, help="seconds a request")
    parser.add_argument("--input-price", type=float, help="dollars a million tokens, in place of the table's")
    parser.add_argument("--output-price", type=float)
    parser.add_argument("--serve", type=Path, metavar="MODEL.gguf", help="start llama.cpp's server with this model")
    parser.add_argument("--server-python", default=sys.executable, help="a Python that has llama-cpp-python[server]")
    parser.add_argument("--json", action="store_true", help="print the figures as one JSON object")
    given = parser.parse_args(arguments)
    settings = LanguageModelSettings(
        enabled=True,
        profile=given.profile,
        base_url=given.base_url,
        small_model=given.small,
        large_model=given.large,
        timeout_seconds=given.timeout,
        attempts=given.attempts,
        input_price=given.input_price,
        output_price=given.output_price,
        # The run is the budget here: so many texts, so many attempts.
        tokens_per_hour=10**9,
        dollars_per_hour=10**6,
        dollars_per_day=10**6,
    )
    if given.serve is not None:
        with served(given.serve, given.server_python) as base_url:
            return _run(settings_at(settings, base_url), given)
    return _run(settings, given)


def settings_at(settings: LanguageModelSettings, base_url: str) -> LanguageModelSettings:
    return msgspec.structs.replace(settings, base_url=base_url)


def _run(settings: LanguageModelSettings, given: argparse.Namespace) -> int:
    found, endpoint = asyncio.run(measure(settings, given.cases, given.seed))
    figures = report(found, endpoint)
    if given.json:
        print(json.dumps(figures))
    else:
        print("\n".join(["", *(f"{name}: {value}" for name, value in figures.items())]))
    return 0 if any(one.mended for one in found) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
