"""The endpoints that are known by name."""

from functools import lru_cache
from importlib.resources import files
from typing import Literal

import msgspec

from speql_speculator.language_model.settings import Filling, Structure


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one provider's endpoint is reached and asked: a section of profiles.toml, whose head explains the fields."""

    base_url: str
    key_variable: str
    small_model: str
    large_model: str
    structure: Structure
    filling: Filling
    hosts: tuple[str, ...] = ()
    template: str = ""
    limit_name: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    needs_key: bool = True
    own_machine: bool = False
    """The user's own machine answers, so a token costs no money."""
    usage_on_request: bool = True
    """Whether the endpoint takes the option that makes a stream report its usage."""


@lru_cache(maxsize=1)
def profiles() -> dict[str, Profile]:
    """All profiles by name.

    >>> profiles()["openai"].key_variable
    'OPENAI_API_KEY'
    """
    text = files("speql_speculator.language_model").joinpath("profiles.toml").read_bytes()
    return msgspec.toml.decode(text, type=dict[str, Profile])
