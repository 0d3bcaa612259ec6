"""Asks an OpenAI-compatible endpoint: one request, one answer, and every failure a value."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from speql_speculator.language_model.endpoint import Endpoint
from speql_speculator.language_model.request import Completion, Request
from speql_speculator.language_model.secret import Secret
from speql_speculator.language_model.usage import Usage, estimated_tokens
from speql_sql import Problem

if TYPE_CHECKING:
    import httpx2
    import openai

_SENT_HEADERS = frozenset(
    {"host", "accept", "accept-encoding", "connection", "content-type", "content-length", "user-agent", "authorization"}
)
"""The library adds headers about this machine, and those that the environment names."""

_NO_TEMPERATURE = ("gpt-5", "o1", "o3", "o4")
"""Models that think first, and refuse a request that names a temperature."""

_NO_KEY = "no-key"
"""The library wants a key, and would take one from the environment that is not meant for this endpoint."""


def load_openai() -> None:
    """Import the library, which takes a second: for a thread, before the first request."""
    import openai
    import openai.resources.chat  # noqa: F401  # it is imported when first used, which would be on the event loop


class Client:
    """A connection to one endpoint. ``now`` tells seconds from an arbitrary start.

    What we want: a request that can be cancelled at any moment, down to its socket; that ends in bounded time whatever
    the endpoint does; and whose cost is known even then. The library's own time-out is one between two pieces of an
    answer, so a slow stream would go on for ever: the whole request has a time-out here. Its retries are switched off,
    since it sleeps in them on a clock of its own. Nothing that the endpoint says in an error is passed on: some
    repeat the key in it.
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

        started = self._now()
        answer = _Answer(request)
        problem: Problem | None = None
        retry_after = None
        try:
            async with asyncio.timeout(self._timeout):
                async with aclosing(self._pieces(request, answer)) as pieces:
                    async for piece in pieces:
                        answer.add(piece)
            problem = answer.problem()
        except (TimeoutError, openai.APITimeoutError):
            problem = _problem("timeout", f"The language model has not answered in {self._timeout:g} seconds.")
        except openai.APIStatusError as error:
            answer.refused = True
            problem = _status_problem(error.status_code, self._model(request))
            retry_after = _retry_after(error.response.headers)
        except openai.APIConnectionError:
            answer.refused = not answer.begun
            host = self._endpoint.host
            problem = (
                _problem("unreachable", f"The language model at {host} cannot be reached.")
                if not answer.begun
                else (_problem("truncated", f"The connection to the language model at {host} broke off."))
            )
        except openai.OpenAIError:
            problem = _problem("failed", "The language model's endpoint has reported an error while it answered.")
        except (ValueError, TypeError, AttributeError, KeyError, IndexError):
            # What the library raises on answers that are not those of such an endpoint.
            problem = _problem("malformed", "The language model's endpoint does not speak the protocol of OpenAI.")
        finally:
            usage = answer.usage()
            used(usage)
        return Completion(answer.text, usage, problem, self._now() - started, retry_after)

    async def reachable(self) -> Problem | None:
        """Whether the endpoint answers and takes the key; sends nothing but that question."""
        import openai

        try:
            async with asyncio.timeout(self._timeout):
                await self._opened().models.list()
        except (TimeoutError, openai.APIConnectionError):
            return _problem("unreachable", f"The language model at {self._endpoint.host} cannot be reached.")
        except openai.APIStatusError as error:
            return _status_problem(error.status_code, "")
        except (openai.OpenAIError, ValueError, TypeError, AttributeError, KeyError, IndexError):
            return _problem("malformed", "The language model's endpoint does not speak the protocol of OpenAI.")
        return None

    async def close(self) -> None:
        """Close the connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    def _opened(self) -> "openai.AsyncOpenAI":
        if self._client is None:
            import openai

            # A redirect would carry the text to a host that nobody agreed to. A proxy is for the world outside.
            transport = openai.DefaultAsyncHttpxClient(
                follow_redirects=False,
                trust_env=not self._endpoint.is_loopback,
                event_hooks={"request": [_without_other_headers]},
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

    async def _pieces(self, request: Request, answer: "_Answer") -> AsyncGenerator[Any]:
        """The pieces of the stream; the connection is closed whichever way this ends."""
        client = self._opened()
        options: dict[str, Any] = {
            "model": self._model(request),
            "stream": True,
        }
        if not self._model(request).startswith(_NO_TEMPERATURE):
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


class _Answer:
    """An answer while it comes in."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._parts: list[str] = []
        self._length = 0
        self._finish = ""
        self._usage: Usage | None = None
        self.begun = False
        self.refused = False
        """Whether nothing was computed, so nothing is charged."""

    @property
    def text(self) -> str:
        return "".join(self._parts)

    @property
    def too_long(self) -> bool:
        """Whether more has come than the endpoint was asked for: it may never end."""
        return self._length > 32 * self._request.most_tokens

    def add(self, piece: Any) -> None:
        for choice in piece.choices or []:
            # A chat has pieces of a message, a completion has text.
            text = getattr(getattr(choice, "delta", None), "content", None) or getattr(choice, "text", None)
            if text:
                self._parts.append(str(text))
                self._length += len(text)
            self._finish = choice.finish_reason or self._finish
        if (reported := getattr(piece, "usage", None)) is not None:
            details = getattr(reported, "prompt_tokens_details", None)
            self._usage = Usage(
                input_tokens=int(reported.prompt_tokens or 0),
                output_tokens=int(reported.completion_tokens or 0),
                cached_tokens=int(getattr(details, "cached_tokens", None) or 0),
            )

    def usage(self) -> Usage:
        """What was used, as the endpoint says, or as the lengths of the texts tell."""
        if self._usage is not None:
            return self._usage
        if self.refused:
            return Usage()
        return Usage(estimated_tokens(self._request.text), estimated_tokens(self.text), estimated=True)

    def problem(self) -> Problem | None:
        """What is wrong with an answer that has come to its end."""
        if self.too_long or self._finish == "length":
            return _problem("truncated", "The language model's answer was longer than it may be.")
        if self._finish == "content_filter":
            return _problem("withheld", "The language model's provider has withheld the answer.")
        if not self._finish:
            return _problem("truncated", "The language model's answer broke off.")
        return None


def _response_format(request: Request, structure: str) -> dict[str, Any]:
    if request.schema is None or structure == "none":
        return {}
    if structure == "json_object":
        return {"response_format": {"type": "json_object"}}
    schema = {"name": "answer", "strict": True, "schema": dict(request.schema)}
    return {"response_format": {"type": "json_schema", "json_schema": schema}}


async def _without_other_headers(request: "httpx2.Request") -> None:
    for name in [name for name in request.headers if name.lower() not in _SENT_HEADERS]:
        del request.headers[name]


def _problem(code: str, message: str, hint: str = "") -> Problem:
    return Problem(f"language-model-{code}", message, None, "information", hint)


def _status_problem(status: int, model: str) -> Problem:
    if status in (401, 403):
        return _problem(
            "refused", "The language model's endpoint does not accept the key.", "Check where the key is kept."
        )
    if status == 404:
        named = f" {model}" if model else ""
        return _problem(
            "unknown-model", f"The endpoint has no language model{named}.", "Check its address and the name."
        )
    if status == 429:
        return _problem("rate-limited", "The language model's endpoint takes no more requests for now.")
    if status >= 500:
        return _problem("failed", f"The language model's endpoint fails with status {status}.")
    return _problem("rejected", f"The language model's endpoint rejects the request with status {status}.")


def _retry_after(headers: "httpx2.Headers") -> float | None:
    """Seconds until the endpoint may be asked again; a date is counted from the endpoint's own clock."""
    text = headers.get("retry-after", "").strip()
    try:
        return (
            min(max(float(text), 0.0), 86_400.0)
            if text[:1].isdigit()
            else None
            if not text
            else (
                max((parsedate_to_datetime(text) - parsedate_to_datetime(headers.get("date", ""))).total_seconds(), 0.0)
            )
        )
    except (ValueError, TypeError, IndexError):
        return None
