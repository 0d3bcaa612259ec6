"""What a server is told when it starts."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from speql_speculator.language_model.settings import LanguageModelSettings
from speql_sql import SpeqlError

DEFAULT_HISTORY_LIMIT = 5_000


class SettingsError(SpeqlError):
    """A setting has a value that it cannot have."""


_NO_LANGUAGE_MODEL = LanguageModelSettings()


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Settings of one server: from the command line first, then from the client's ``initializationOptions``."""

    database: str | None = None
    """The DuckDB file to open; None is an empty database in memory."""

    workspace: Path | None = None
    """The directory whose data files may be read while typing."""

    writable: bool = False
    """Open the database for writing, so that submits may change it."""

    speculate: bool = True
    """Run previews and temp tables while the user types. Without it only diagnostics, completion and submits work."""

    history: bool = True
    """Keep the statements that the user runs, to predict from them."""

    history_limit: int = DEFAULT_HISTORY_LIMIT
    """So many different statements are kept a connection."""

    completion_values: bool | None = None
    """Propose the values of columns that have few; None is true for DuckDB, where asking for them costs nothing."""

    document_limit: int = 2_000_000
    """A document with more characters than this is not analysed."""

    statement_limit: int = 200_000
    """A statement with more characters than this is not analysed."""

    unfinished_seconds: float = 0.6
    """How long the text must rest before an error in the word at the cursor is shown."""

    binding_seconds: float = 0.3
    """How long the text must rest before the engine is asked whether it binds."""

    language_model: LanguageModelSettings = _NO_LANGUAGE_MODEL
    """Whether and how a language model is asked; off by default."""

    def with_options(self, options: Any) -> "ServerSettings":
        """These settings, changed by the client's ``initializationOptions``; what the command line gave stays.

        Unknown options are left alone: they may be another program's. Raises `SettingsError` on a wrong type.
        """
        if not isinstance(options, dict):
            return self
        changes: dict[str, Any] = {}
        for name, kind in (("database", str), ("workspace", str), ("writable", bool), ("speculate", bool)):
            value = options.get(name)
            if value is None or value == "":
                continue
            if not isinstance(value, kind):
                raise SettingsError(
                    f"The initialization option {name} must be {_KINDS[kind]}, not {type(value).__name__}.",
                    "Correct it in the settings of your editor's language client, then restart the server.",
                )
            changes[name] = value
        changes |= _history_options(options.get("history"))
        changes |= _completion_options(options.get("completion"))
        if self.database is not None:
            changes.pop("database", None)
        if "workspace" in changes:
            changes["workspace"] = Path(changes["workspace"])
        if options.get("languageModel") is not None:
            changes["language_model"] = _language_model(options["languageModel"])
        return replace(self, **changes)


def _language_model(options: Any) -> LanguageModelSettings:
    """The settings of the language model. What was given is not repeated in the message: it may be a key."""
    try:
        return msgspec.convert(options, LanguageModelSettings)
    except msgspec.ValidationError as error:
        if isinstance(options, dict) and {name.lower() for name in map(str, options)} & {"key", "apikey", "api_key"}:
            raise SettingsError(
                "A key does not belong in the settings, which are files that are shared.",
                "Put it into the environment or the keyring, see docs/language-model.md; then consider it known.",
            ) from None
        raise SettingsError(
            f"The initialization option languageModel does not fit: {error}.", "See docs/language-model.md."
        ) from None


def _completion_options(given: Any) -> dict[str, Any]:
    """``completion: {values}`` as settings."""
    if given is None:
        return {}
    values = given.get("values") if isinstance(given, dict) else None
    if not isinstance(given, dict) or not isinstance(values, bool | None):
        raise SettingsError(
            "The initialization option completion must be an object like {values: true}.",
            "Correct it in the settings of your editor's language client, then restart the server.",
        )
    return {"completion_values": values}


def _history_options(given: Any) -> dict[str, Any]:
    """``history: {enabled, limit}`` as settings."""
    if given is None:
        return {}
    enabled = given.get("enabled", True) if isinstance(given, dict) else None
    limit = given.get("limit", DEFAULT_HISTORY_LIMIT) if isinstance(given, dict) else None
    if not isinstance(enabled, bool) or isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
        raise SettingsError(
            "The initialization option history must be an object like {enabled: true, limit: 5000}.",
            "Correct it in the settings of your editor's language client, then restart the server.",
        )
    return {"history": enabled, "history_limit": limit}


_KINDS = {str: "a string", bool: "true or false"}
