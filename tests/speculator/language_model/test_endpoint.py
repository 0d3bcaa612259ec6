"""Where requests go, by profile and settings."""

from typing import Any

import msgspec
import pytest

from speql_speculator.language_model.endpoint import Endpoint, endpoint_of
from speql_speculator.language_model.prices import listed_price, price_table
from speql_speculator.language_model.profiles import profiles
from speql_speculator.language_model.settings import LanguageModelSettings
from speql_sql import Problem

NAMES = ["openai", "azure", "deepseek", "groq", "gemini", "anthropic", "mistral", "vllm", "ollama", "llama.cpp"]


def found(**settings: Any) -> Endpoint | Problem:
    return endpoint_of(LanguageModelSettings(**settings))


@pytest.mark.parametrize("name", NAMES)
def test_a_profile_is_all_that_is_needed(name: str) -> None:
    azure = {"base_url": "https://mine.openai.azure.com/openai/v1/"} if name == "azure" else {}
    endpoint = found(profile=name, **azure)
    assert isinstance(endpoint, Endpoint)
    assert endpoint.own_host
    assert endpoint.small_model
    assert (endpoint.filling == "raw") == bool(endpoint.profile.template)
    prices = [endpoint.price(model, LanguageModelSettings()) for model in (endpoint.small_model, endpoint.large_model)]
    assert all(price.known for price in prices), "the price table should have the default models"
    assert endpoint.profile.own_machine or all(price.output > 0 for price in prices)


def test_the_profiles_are_those_that_are_promised() -> None:
    assert list(profiles()) == NAMES
    assert price_table().as_of


def test_a_successor_has_not_the_price_of_its_forerunner() -> None:
    assert listed_price("gpt-5-2025-08-07") is not None
    assert listed_price("gpt-5.4") is None


def test_a_model_of_unknown_price_is_taken_to_be_dear() -> None:
    endpoint = found(small_model="brand-new")
    assert isinstance(endpoint, Endpoint)
    price = endpoint.price("brand-new", LanguageModelSettings())
    assert (price.known, price.input, price.output) == (False, 5.0, 25.0)
    dearer = endpoint.price("brand-new", LanguageModelSettings(unknown_input_price=7.0, unknown_output_price=8.0))
    assert (dearer.known, dearer.input, dearer.output) == (False, 7.0, 8.0)
    assert endpoint.price("brand-new", LanguageModelSettings(input_price=1.0, output_price=2.0)).known


@pytest.mark.parametrize(
    "base_url",
    [
        "ftp://example.com/v1",
        "example.com",
        "https://user:secret@example.com/v1",
        "https://example.com/v1?key=secret",
        "http://example.com/v1",
        "http://8.8.8.8/v1",
    ],
)
def test_an_address_that_is_not_safe_is_refused_without_its_secret(base_url: str) -> None:
    problem = found(base_url=base_url)
    assert isinstance(problem, Problem)
    assert "secret" not in problem.text


@pytest.mark.parametrize(
    "base_url", ["http://127.0.0.1:1/v1", "http://[::1]:1/v1", "http://gpu/v1", "http://10.0.0.7/v1"]
)
def test_http_is_for_near_hosts(base_url: str) -> None:
    assert isinstance(found(base_url=base_url), Endpoint)


def test_a_profile_that_is_not_there() -> None:
    problem = found(profile="clippy")
    assert isinstance(problem, Problem)
    assert "openai" in problem.hint


@pytest.mark.parametrize("wrong", [{"apiKey": "x"}, {"attempts": 0}, {"dollarsPerHour": -1}, {"enabled": "yes"}])
def test_settings_are_checked(wrong: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(wrong, LanguageModelSettings)
