"""What is asked of a model, and what comes back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from speql_speculator.language_model.usage import Usage, estimated_tokens
from speql_sql import Problem

Size = Literal["small", "large"]


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a chat."""

    role: Literal["system", "user"]
    content: str


@dataclass(frozen=True, slots=True)
class Request:
    """One question. It has either ``messages``, or a ``prompt`` with what stands behind the cursor as ``suffix``.

    ``schema`` is the JSON schema that the answer must have, where an endpoint can be told; ``most_tokens`` bounds it.
    """

    size: Size
    messages: tuple[Message, ...] = ()
    prompt: str = ""
    suffix: str | None = None
    schema: Mapping[str, Any] | None = None
    temperature: float = 0.0
    most_tokens: int = 512
    stop: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """All that leaves."""
        return "\n".join([*(message.content for message in self.messages), self.prompt, self.suffix or ""])

    @property
    def most_usage(self) -> Usage:
        """The most that the request is expected to use."""
        return Usage(estimated_tokens(self.text), self.most_tokens, estimated=True)


@dataclass(frozen=True, slots=True)
class Completion:
    """An answer, or the ``problem`` that there is none. ``seconds`` is how long it took.

    ``retry_after`` is how many seconds the endpoint wants to be left alone, None where it does not say. ``sent`` is
    False if nothing has left: the budget is spent, or the endpoint is being left alone.
    """

    text: str = ""
    usage: Usage = field(default_factory=Usage)
    problem: Problem | None = None
    seconds: float = 0.0
    retry_after: float | None = None
    sent: bool = True
