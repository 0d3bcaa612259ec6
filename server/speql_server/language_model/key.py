"""Where the key of an endpoint is."""

import json
import os
from collections.abc import Callable, Mapping

from speql_server.connecting.keyring_entries import SERVICE, KeyringEntries, KeyringError
from speql_server.connecting.password import VARIABLES
from speql_speculator.language_model.endpoint import Endpoint
from speql_speculator.language_model.profiles import profiles
from speql_speculator.language_model.settings import LanguageModelSettings
from speql_sql import Problem
from speql_sql.secret import Secret

KEYS = "SPEQL_KEYS"
"""The variable in which an editor hands over the keys that it keeps: a JSON object of keys by hosts."""


def key_of(
    endpoint: Endpoint,
    settings: LanguageModelSettings,
    environment: Mapping[str, str] = os.environ,
    from_keyring: Callable[[str], str | None] | None = None,
) -> Secret | Problem:
    """The key, from the environment or the keyring; or what to do where there is none. May wait for the keyring.

    Settings can come with a folder that somebody else has written, so they must not be able to send a key elsewhere: a
    provider's variable goes to the provider's hosts (and to this machine) only, a key of the editor's or the keyring's
    to the host that it was put there for, and other variables are read only if their names say that they are for SpeQL.
    """
    name = settings.key_name or (endpoint.profile.key_variable if endpoint.own_host else "")
    if name.startswith(VARIABLES):
        return _problem(f"{name} holds the password of a connection, which is no key.", "Name another variable.")
    if name and not name.startswith("SPEQL_"):
        owner = next((profile for profile in profiles().values() if profile.key_variable == name), None)
        if owner is None:
            return _problem(f"{name} is not read for a key.", "Give the variable a name that begins with SPEQL_.")
        if owner != endpoint.profile or not endpoint.own_host:
            return _problem(
                f"{name} is not sent to {endpoint.host}, which is not its provider's.",
                f"Put the key into a variable that begins with SPEQL_, or: keyring set {SERVICE} {endpoint.host}",
            )
    if name and name != KEYS and (text := environment.get(name, "").strip()):
        return Secret(text)
    if kept := _kept_by_the_editor(environment.get(KEYS, ""), endpoint.host):
        return Secret(kept)
    found = (from_keyring or _from_keyring)(endpoint.host) if endpoint.profile.needs_key else None
    if found:
        return Secret(found)
    if not endpoint.profile.needs_key or endpoint.is_loopback:
        return Secret("")
    variable = name or "a variable that begins with SPEQL_"
    return _problem(
        f"There is no key for the language model at {endpoint.host}.",
        f"Set {variable}, or: keyring set {SERVICE} {endpoint.host}",
    )


def _kept_by_the_editor(text: str, host: str) -> str:
    """The host's own key; empty if there is none, or if the text is not what an editor of ours writes."""
    try:
        keys = json.loads(text) if text else {}
    except ValueError:
        return ""
    key = keys.get(host, "") if isinstance(keys, dict) else ""
    return key if isinstance(key, str) else ""


def _from_keyring(host: str) -> str | None:
    """The keyring's entry; None if there is none, or no keyring on this machine."""
    try:
        found = KeyringEntries().read(host)
    except KeyringError:
        return None
    return found.reveal() if found is not None else None


def _problem(message: str, hint: str) -> Problem:
    return Problem("language-model-key", message, None, "warning", hint)
