"""The endpoint that settings name."""

import ipaddress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from speql_speculator.language_model.prices import FREE, Price, listed_price
from speql_speculator.language_model.profiles import Profile, profiles
from speql_speculator.language_model.settings import Filling, LanguageModelSettings, Structure
from speql_sql import Problem


@dataclass(frozen=True)
class Endpoint:
    """Where requests go, and how they are put there: the profile with what the settings change."""

    name: str
    base_url: str
    profile: Profile
    small_model: str
    large_model: str
    structure: Structure
    filling: Filling
    own_host: bool
    """Whether the host is the profile's own: only there may the key of the profile's own variable go."""

    @property
    def host(self) -> str:
        """The host's name, in small letters."""
        return (urlsplit(self.base_url).hostname or "").lower()

    @property
    def one_model(self) -> bool:
        """Whether the small model is the large one, too."""
        return self.small_model == self.large_model

    @property
    def is_loopback(self) -> bool:
        """Whether the endpoint is on this machine."""
        return _is_loopback(self.host)

    def price(self, model: str, settings: LanguageModelSettings) -> Price:
        """What a token of the model costs: by the settings, by the table, or nothing on one's own machine."""
        if settings.input_price is not None or settings.output_price is not None:
            given = settings.input_price or 0.0
            return Price(given, given, settings.output_price or 0.0)
        if self.profile.own_machine or self.is_loopback:
            return FREE
        unknown = Price(
            settings.unknown_input_price, settings.unknown_input_price, settings.unknown_output_price, known=False
        )
        return listed_price(model) or unknown


def endpoint_of(settings: LanguageModelSettings) -> Endpoint | Problem:
    """The endpoint, or what is wrong with the settings and how to change them."""
    profile = profiles().get(settings.profile)
    if profile is None:
        known = ", ".join(profiles())
        return _problem(f"There is no language model profile {settings.profile!r}.", f"Known are: {known}.")
    base_url = settings.base_url or profile.base_url
    if not base_url:
        return _problem(
            f"The profile {settings.profile} has no address of its own.",
            "Set baseUrl to that of your resource: https://NAME.openai.azure.com/openai/v1/.",
        )
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return _problem("The baseUrl of the language model is no http or https address.", "Correct it.")
    if parts.username is not None or parts.password is not None or parts.query:
        return _problem(
            "The baseUrl of the language model has a password or a query in it, which would be shown in many places.",
            "Put the key into the environment or the keyring, see docs/language-model.md.",
        )
    if parts.scheme == "http" and not _is_near(parts.hostname):
        return _problem(
            f"The language model at {parts.hostname} would be asked without encryption.",
            "Use https; http is for this machine and the local network.",
        )
    if settings.embedding_model and not settings.embedding_dimensions:
        return _problem(
            f"The length of the vectors of {settings.embedding_model} is not known.",
            "Set embeddingDimensions: 1536 for text-embedding-3-small, 768 for nomic-embed-text.",
        )
    host = parts.hostname.lower()
    return Endpoint(
        name=settings.profile,
        base_url=base_url,
        profile=profile,
        small_model=settings.small_model or profile.small_model,
        large_model=settings.large_model or settings.small_model or profile.large_model,
        structure=settings.structure or profile.structure,
        filling=settings.filling or profile.filling,
        own_host=_is_loopback(host) or any(fnmatchcase(host, pattern) for pattern in profile.hosts),
    )


def _problem(message: str, hint: str) -> Problem:
    return Problem("language-model-settings", message, None, "warning", hint)


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_near(host: str) -> bool:
    """Whether a host is on this machine or in the local network, by its name alone."""
    if _is_loopback(host) or "." not in host or host.endswith((".local", ".lan", ".internal")):
        return ":" not in host or _is_loopback(host)
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return False
