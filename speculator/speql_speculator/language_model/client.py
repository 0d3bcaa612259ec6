"""Asks an OpenAI-compatible endpoint: one request, one answer, and every failure a value."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, TypeVar

from speql_speculator.language_model.endpoint import Endpoint
from speql_speculator.language_model.failures import client_problem, retry_after_seconds, status_problem
from speql_speculator.language_model.request import Completion, Request
from speql_speculator.language_model.streamed_answer import StreamedAnswer
from speql_speculator.language_model.usage import Usage, estimated_tokens
from speql_sql import Problem
from speql_sql.secret import Secret

if TYPE_CHECKING:
    import httpx2
    import openai

T = TypeVar("T")

_SENT_HEADERS = frozenset(
    {"host", "accept", "accept-encoding", "connection", "content-type", "content-length", "user-agent", "authorization"}
)
"""The library adds headers about this machine, and those that the environment names."""

_THINKS_FIRST = ("gpt-5", "o1", "o3", "o4")
"""Models that refuse a request which names a temperature, or words to stop at."""

_NOT_THE_PROTOCOL = (ValueError, TypeError, AttributeError, KeyError, IndexError, OverflowError, RecursionError)
"""What reading an answer raises that is none of such an endpoint: of other forms, endless numbers, JSON without end."""

_NO_KEY = "no-key"
"""The library wants a key, and would take one from the environment that is not meant for this endpoint."""


def load_openai() -> None:
    """Import the library, which takes a second: for a thread, before the first request."""
    import openai
    import openai.resources.chat  # noqa: F401  # it is imported when first used, which would be on the event loop


class Client:
    """A connection to one endpoint. ``now`` tells seconds from an arbitrary start.

    What we want: a request that can be cancelled at any moment, down to its socket; that ends in bounded time and takes
    bounded memory (bounded_answer) whatever the endpoint does; and whose cost is known even then. The library's own
    time-out is one between two pieces of an answer, so a slow stream would go on for ever: the whole request has a
    time-out here. Its retries are switched off, since it sleeps in them on a clock of its own. Nothing that the
    endpoint says in an error is passed on: some repeat the key in it.
    """

    def __init__(self, endpoint: Endpoint, key: Secret, timeout_seconds: float, now: Callable[[], float]) -> None:
        self._endpoint = endpoint
        self._key = key
        self._timeout = timeout_seconds
        self._now = now
        self._client: openai.AsyncOpenAI | None = None

    async def complete(self, request: Request, used: Callable[[Usage], None]) -> Completion:
        """The answer. ``used`` is called once, with what the request has used: also if it failed or was cancelled.

        Raises nothing but ``CancelledError``.
        """
        import openai

        from speql_speculator.language_model.bounded_answer import UnboundedAnswerError

        started = self._now()
        answer = StreamedAnswer(request)
        problem: Problem | None = None
        retry_after = None
        try:
            async with asyncio.timeout(self._timeout):
                async with aclosing(self._pieces(request, answer)) as pieces:
                    async for piece in pieces:
                        answer.add(piece)
            problem = answer.problem()
        except (TimeoutError, openai.APITimeoutError):
            problem = client_problem("timeout", f"The language model has not answered in {self._timeout:g} seconds.")
        except openai.APIStatusError as error:
            answer.refused = True
            problem = status_problem(error.status_code, self._model(request))
            retry_after = retry_after_seconds(error.response.headers)
        except openai.APIConnectionError as error:
            answer.refused = not answer.begun
            host = self._endpoint.host
            problem = client_problem("unreachable", f"The language model at {host} cannot be reached.")
            if isinstance(error.__cause__, UnboundedAnswerError):
                answer.refused, problem = False, _malformed()
            elif answer.begun:
                problem = client_problem("truncated", f"The connection to the language model at {host} broke off.")
        except openai.OpenAIError:
            problem = client_problem("failed", "The language model's endpoint has reported an error while it answered.")
        except (UnboundedAnswerError, *_NOT_THE_PROTOCOL):
            # What the library raises on answers that are not those of such an endpoint.
            problem = _malformed()
        finally:
            usage = answer.usage()
            used(usage)
        return Completion(answer.text, usage, problem, self._now() - started, retry_after)

    async def embed(self, texts: Sequence[str], model: str) -> tuple[list[list[float]], Usage] | Problem:
        """A vector for each text, and what that has used. Raises nothing but ``CancelledError``."""

        async def ask() -> tuple[list[list[float]], Usage]:
            answer = await self._opened().embeddings.create(model=model, input=list(texts), encoding_format="float")
            vectors = [[float(number) for number in one.embedding] for one in sorted(answer.data, key=_index)]
            tokens = answer.usage.prompt_tokens if answer.usage is not None else None
            estimate = sum(map(estimated_tokens, texts))
            return vectors, Usage(estimate if tokens is None else tokens, estimated=tokens is None)

        return await self._simple(ask, model)

    async def reachable(self) -> Problem | None:
        """Whether the endpoint answers and takes the key; sends nothing but that question."""

        async def ask() -> None:
            await self._opened().models.list()

        return await self._simple(ask, "")

    async def _simple(self, ask: Callable[[], Awaitable[T]], model: str) -> T | Problem:
        """What a request without a stream gives, or why it gives nothing."""
        import openai

        from speql_speculator.language_model.bounded_answer import UnboundedAnswerError

        try:
            async with asyncio.timeout(self._timeout):
                return await ask()
        except (TimeoutError, openai.APIConnectionError) as error:
            if isinstance(error.__cause__, UnboundedAnswerError):
                return _malformed()
            return client_problem("unreachable", f"The language model at {self._endpoint.host} cannot be reached.")
        except openai.APIStatusError as error:
            return status_problem(error.status_code, model)
        except (openai.OpenAIError, UnboundedAnswerError, *_NOT_THE_PROTOCOL):
            return _malformed()

    async def close(self) -> None:
        """Close the connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    def _opened(self) -> "openai.AsyncOpenAI":
        if self._client is None:
            import openai

            from speql_speculator.language_model.bounded_answer import ask_unpacked, read_bounded

            # At lower levels they log what is sent. Even redacted, that is nobody's but the user's.
            for name in ("openai", "httpx2", "httpcore2"):
                logging.getLogger(name).setLevel(logging.WARNING)
            # A redirect would carry the text to a host that nobody agreed to. A proxy is for the world outside.
            transport = openai.DefaultAsyncHttpxClient(
                follow_redirects=False,
                trust_env=not self._endpoint.is_loopback,
                event_hooks={"request": [_without_other_headers, ask_unpacked], "response": [read_bounded]},
            )
            self._client = openai.AsyncOpenAI(
                api_key=self._key.reveal() if self._key else _NO_KEY,
                base_url=self._endpoint.base_url,
                max_retries=0,
                timeout=self._timeout,
                http_client=transport,
            )
        return self._client

    def _model(self, request: Request) -> str:
        return self._endpoint.small_model if request.size == "small" else self._endpoint.large_model

    async def _pieces(self, request: Request, answer: "StreamedAnswer") -> AsyncGenerator[Any]:
        """The pieces of the stream; the connection is closed whichever way this ends."""
        client = self._opened()
        options: dict[str, Any] = {
            "model": self._model(request),
            "stream": True,
        }
        if not self._model(request).startswith(_THINKS_FIRST):
            options["temperature"] = request.temperature
            if request.stop:
                options["stop"] = list(request.stop)
        if self._endpoint.profile.usage_on_request:
            options["stream_options"] = {"include_usage": True}
        if request.messages:
            options["messages"] = [{"role": one.role, "content": one.content} for one in request.messages]
            options[self._endpoint.profile.limit_name] = request.most_tokens
            options |= _response_format(request, self._endpoint.structure)
            stream = await client.chat.completions.create(**options)
        else:
            options["prompt"] = request.prompt
            options["max_tokens"] = request.most_tokens
            if request.suffix is not None:
                options["suffix"] = request.suffix
            stream = await client.completions.create(**options)
        answer.begun = True
        async with stream:
            async for piece in stream:
                yield piece
                if answer.too_long:
                    return


def _malformed() -> Problem:
    return client_problem("malformed", "The language model's endpoint does not speak the protocol of OpenAI.")


def _index(item: Any) -> int:
    return int(item.index)


def _response_format(request: Request, structure: str) -> dict[str, Any]:
    if request.schema is None or structure == "none":
        return {}
    if structure == "json_object":
        return {"response_format": {"type": "json_object"}}
    if structure == "json_object_schema":
        return {"response_format": {"type": "json_object", "schema": dict(request.schema)}}
    schema = {"name": "answer", "strict": True, "schema": dict(request.schema)}
    return {"response_format": {"type": "json_schema", "json_schema": schema}}


async def _without_other_headers(request: "httpx2.Request") -> None:
    for name in [name for name in request.headers if name.lower() not in _SENT_HEADERS]:
        del request.headers[name]
