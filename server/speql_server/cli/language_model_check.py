"""What `speql doctor` says of language models."""

import asyncio
import os
import time

from speql_server.cli.check import Check
from speql_server.language_model.key import key_of
from speql_speculator.language_model.client import Client
from speql_speculator.language_model.endpoint import endpoint_of
from speql_speculator.language_model.profiles import profiles
from speql_speculator.language_model.settings import LanguageModelSettings
from speql_sql import Problem

NAME = "language model"
PAGE = "docs/language-model.md"


def language_model_check(profile: str | None, base_url: str | None) -> Check:
    """Whether the model of that profile is configured and reachable; without one, which could be.

    Nothing is sent but the question which models there are, and the key with it.
    """
    if profile is None and base_url is None:
        variables = [one.key_variable for one in profiles().values() if os.environ.get(one.key_variable)]
        keys = f"; there are keys in {', '.join(variables)}" if variables else ""
        return Check(NAME, "optional", f"off, rules work without one{keys}", f"To switch one on, see {PAGE}.")
    settings = LanguageModelSettings(enabled=True, profile=profile or "openai", base_url=base_url or "")
    endpoint = endpoint_of(settings)
    if isinstance(endpoint, Problem):
        return _missing(endpoint)
    key = key_of(endpoint, settings)
    if isinstance(key, Problem):
        return _missing(key)
    client = Client(endpoint, key, settings.timeout_seconds, time.perf_counter)
    problem = asyncio.run(_reachable(client))
    if problem is not None:
        return _missing(problem)
    models = ", ".join(dict.fromkeys([endpoint.small_model, endpoint.large_model]))
    return Check(NAME, "ok", f"{settings.profile} at {endpoint.host} answers; models: {models}")


async def _reachable(client: Client) -> Problem | None:
    try:
        return await client.reachable()
    finally:
        await client.close()


def _missing(problem: Problem) -> Check:
    return Check(NAME, "missing", problem.message, problem.hint or f"See {PAGE}.")
