"""Keys come from the environment or the keyring, and go to the hosts that they are for."""

from typing import Any

import pytest

from speql_server.language_model.key import key_of
from speql_speculator.language_model.endpoint import Endpoint, endpoint_of
from speql_speculator.language_model.settings import LanguageModelSettings
from speql_sql import Problem
from speql_sql.secret import Secret

ENVIRONMENT = {
    "OPENAI_API_KEY": "sk-openai",
    "SPEQL_KEY": "sk-mine",
    "AWS_SECRET_ACCESS_KEY": "aws",
    "SPEQL_PASSWORD_SALES": "pw",
}


def found(keyring: dict[str, str] | None = None, **options: Any) -> Secret | Problem:
    settings = LanguageModelSettings(**options)
    endpoint = endpoint_of(settings)
    assert isinstance(endpoint, Endpoint)
    return key_of(endpoint, settings, ENVIRONMENT, (keyring or {}).get)


def revealed(key: Secret | Problem) -> str:
    assert isinstance(key, Secret), key
    return key.reveal()


def test_the_profiles_variable() -> None:
    assert revealed(found()) == "sk-openai"


def test_a_variable_of_speqls_own() -> None:
    assert revealed(found(key_name="SPEQL_KEY", base_url="https://example.com/v1")) == "sk-mine"


def test_the_keyring_has_a_key_a_host() -> None:
    assert revealed(found({"example.com": "sk-ring"}, base_url="https://example.com/v1")) == "sk-ring"


KEPT = '{"example.com": "sk-kept", "other.com": 3}'


@pytest.mark.parametrize(
    ("kept", "base_url", "key"),
    [
        (KEPT, "https://example.com/v1", "sk-kept"),
        (KEPT, "https://example.com.evil.org/v1", None),
        (KEPT, "https://other.com/v1", None),
        ("no json", "https://example.com/v1", None),
        ("[]", "https://example.com/v1", None),
    ],
)
def test_keys_that_the_editor_keeps_go_to_their_hosts_alone(
    monkeypatch: pytest.MonkeyPatch, kept: str, base_url: str, key: str | None
) -> None:
    monkeypatch.setitem(ENVIRONMENT, "SPEQL_KEYS", kept)
    key_found = found(base_url=base_url)
    assert (revealed(key_found) if key else isinstance(key_found, Problem)) == (key or True)
    # The variable itself is no key that a setting may name.
    named = found(base_url=base_url, key_name="SPEQL_KEYS")
    assert isinstance(named, Problem) or revealed(named) != kept


def test_one_s_own_machine_needs_none() -> None:
    assert revealed(found(profile="ollama")) == ""


@pytest.mark.parametrize(
    "options",
    [
        {"base_url": "https://evil.example.com/v1"},
        {"base_url": "https://evil.example.com/v1", "key_name": "OPENAI_API_KEY"},
        {"base_url": "https://api.openai.com.evil.example.com/v1"},
        {"profile": "groq", "key_name": "OPENAI_API_KEY"},
        {"key_name": "AWS_SECRET_ACCESS_KEY"},
        {"base_url": "https://evil.example.com/v1", "key_name": "SPEQL_PASSWORD_SALES"},
        {"profile": "azure", "base_url": "https://mine.openai.azure.com.evil.example.com/v1"},
    ],
)
def test_settings_cannot_send_a_key_elsewhere(options: dict[str, Any]) -> None:
    problem = found({"api.openai.com": "sk-ring"}, **options)
    assert isinstance(problem, Problem)
    assert problem.hint
    assert not [key for key in (*ENVIRONMENT.values(), "sk-ring") if key in problem.text]
