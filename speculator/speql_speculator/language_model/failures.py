"""What went wrong at an endpoint, in words of our own: some repeat the key in theirs."""

from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from speql_sql import Problem

LONGEST_SECONDS = 86_400.0
"""An endpoint that wants to be left alone for longer is asked again after a day."""


def client_problem(code: str, message: str, hint: str = "") -> Problem:
    """A problem of this room: information, since the rules go on without the model."""
    return Problem(f"language-model-{code}", message, None, "information", hint)


def status_problem(status: int, model: str) -> Problem:
    """What an HTTP status means to the user; ``model`` is the one that was asked for, or empty."""
    if status in (401, 403):
        return client_problem(
            "refused", "The language model's endpoint does not accept the key.", "Check where the key is kept."
        )
    if status == 404:
        named = f" {model}" if model else ""
        return client_problem(
            "unknown-model", f"The endpoint has no language model{named}.", "Check its address and the name."
        )
    if status == 429:
        return client_problem("rate-limited", "The language model's endpoint takes no more requests for now.")
    if status >= 500:
        return client_problem("failed", f"The language model's endpoint fails with status {status}.")
    return client_problem("rejected", f"The language model's endpoint rejects the request with status {status}.")


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """Seconds until the endpoint may be asked again; a date is counted from the endpoint's own clock."""
    text = headers.get("retry-after", "").strip()
    try:
        if text[:1].isdigit():
            seconds = float(text)
        elif text:
            seconds = (parsedate_to_datetime(text) - parsedate_to_datetime(headers.get("date", ""))).total_seconds()
        else:
            return None
    except (ValueError, TypeError, IndexError):
        return None
    return min(max(seconds, 0.0), LONGEST_SECONDS)
