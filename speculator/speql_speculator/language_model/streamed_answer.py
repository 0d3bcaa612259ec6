"""An answer while it comes in, piece by piece."""

from typing import Any

from speql_speculator.language_model.failures import client_problem
from speql_speculator.language_model.request import Request
from speql_speculator.language_model.usage import Usage, estimated_tokens
from speql_sql import Problem


class StreamedAnswer:
    """The text so far, what it has used, and whether it has come to a good end."""

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
        """All that has come; half a character, which no text may have, as a question mark."""
        return "".join(self._parts).encode("utf-16", "surrogatepass").decode("utf-16", "replace")

    @property
    def too_long(self) -> bool:
        """Whether more has come than the endpoint was asked for: it may never end."""
        return self._length > 32 * self._request.most_tokens

    def add(self, piece: Any) -> None:
        """One piece of the stream, as the library reads it: of any form, if the endpoint is not what it says."""
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
                input_tokens=_count(reported.prompt_tokens),
                output_tokens=_count(reported.completion_tokens),
                cached_tokens=_count(getattr(details, "cached_tokens", None)),
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
            return client_problem("truncated", "The language model's answer was longer than it may be.")
        if self._finish == "content_filter":
            return client_problem("withheld", "The language model's provider has withheld the answer.")
        if not self._finish:
            return client_problem("truncated", "The language model's answer broke off.")
        return None


_MOST_TOKENS = 100_000_000
"""More than any model reads or writes: what is reported above it is no count."""


def _count(reported: Any) -> int:
    return min(max(int(reported or 0), 0), _MOST_TOKENS)
