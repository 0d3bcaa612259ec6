"""What the user has decided about language models."""

from typing import Annotated, Literal

import msgspec

Amount = Annotated[float, msgspec.Meta(ge=0)]
Count = Annotated[int, msgspec.Meta(ge=0)]
Structure = Literal["json_schema", "json_object", "json_object_schema", "none"]
Filling = Literal["raw", "suffix", "chat"]


class LanguageModelSettings(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Settings of the language model of one connection. Off unless the user has switched it on: that is the consent.

    A key is never among them, since settings are files that are shared: ``key_name`` says where the key is.
    Money is in dollars, time in seconds. An empty text or null means what the profile says.
    """

    enabled: bool = False
    """Whether names, types and query text may leave for the model."""

    connections: tuple[str, ...] = ()
    """The labels of the connections for which that holds; empty for all of them."""

    profile: str = "openai"
    """The name of a profile in profiles.toml."""

    base_url: str = ""
    """Where the endpoint is, up to and with its version: ``http://127.0.0.1:8080/v1``."""

    key_name: str = ""
    """The environment variable that has the key, where it is not the profile's own; it begins with ``SPEQL_``."""

    small_model: str = ""
    large_model: str = ""

    structure: Structure | None = None
    """How the endpoint is asked for JSON."""

    filling: Filling | None = None
    """How the endpoint is asked for what stands at the cursor."""

    redact_literals: bool = True
    """Replace strings and numbers by placeholders before anything leaves."""

    redact_comments: bool = True
    """Leave comments out of what leaves."""

    dollars_per_hour: Amount = 1.0
    dollars_per_day: Amount = 5.0
    tokens_per_hour: Count = 500_000
    """A limit for models whose price is not known, too."""

    input_price: Amount | None = None
    output_price: Amount | None = None
    """Dollars a million tokens, in place of the price table's."""

    unknown_input_price: Amount = 5.0
    unknown_output_price: Amount = 25.0
    """Dollars a million tokens that a model of unknown price is taken to cost: rather too much than too little."""

    timeout_seconds: Annotated[float, msgspec.Meta(gt=0)] = 20.0
    """The longest time that a request may take, from its first byte to the last one of the answer."""

    debounce_seconds: Amount = 0.7
    """How long the text must rest before the model is asked."""

    attempts: Annotated[int, msgspec.Meta(ge=1, le=8)] = 2
    """N of the ladder: at most twice as many requests are made for a text."""

    ask_below: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.65
    """The model is asked where the confidence of the rules is lower than this."""

    ghost_text: bool = False
    """Ask for what comes next, too, whenever the text rests and rules and history know nothing."""

    embedding_model: str = ""
    """The endpoint's model that makes vectors of past statements and of the text; empty: they are made here."""

    embedding_dimensions: Count = 0
    """The length of its vectors."""
