"""What a server is told: by the command line, the client and project files."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import msgspec

from speql_engines.governed.settings import DEFAULT_SPECULATION, SpeculationSettings
from speql_server.connecting.named_connection import NamedConnection, SettingsError, named_connections, speculation_of
from speql_speculator.language_model.settings import LanguageModelSettings

__all__ = [
    "DEFAULT_HISTORY_LIMIT",
    "OPTIONS",
    "FormatSettings",
    "InlayHints",
    "ServerSettings",
    "SettingsError",
    "readable",
]

InlayHints = Literal["off", "types", "rows", "all"]

DEFAULT_HISTORY_LIMIT = 5_000


class FormatSettings(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """How statements are laid out, beyond what an editor says with each request."""

    keyword_case: Literal["typed", "upper", "lower"] = "typed"
    line_width: Annotated[int, msgspec.Meta(ge=20, le=1_000)] = 100


_NO_LANGUAGE_MODEL = LanguageModelSettings()
_FORMAT = FormatSettings()


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Settings of one server, or of one document. What the client calls them is in `OPTIONS`."""

    database: str | None = None
    """The DuckDB file to open; None is an empty database in memory."""

    workspace: Path | None = None
    """The directory whose data files may be read while typing, beside the client's workspace folders."""

    writable: bool = False
    """Open the database for writing, so that submits may change it."""

    dropped: Path | None = None
    """A folder to which the user brings data files: they are tables of every connection. No client's option."""

    connections: tuple[NamedConnection, ...] = ()
    """Other databases, by names that documents may choose."""

    connection: tuple[tuple[str, str], ...] = ()
    """Which named connection a document has: patterns of paths, the first that fits counts, and names."""

    speculate: bool = True
    """Run previews and temp tables while the user types. Without it only diagnostics, completion and submits work."""

    speculation: SpeculationSettings = DEFAULT_SPECULATION
    """What may be spent ahead of submits, on connections that do not say so themselves."""

    history: bool = True
    """Keep the statements that the user runs, to predict from them."""

    history_limit: int = DEFAULT_HISTORY_LIMIT
    """So many different statements are kept a connection."""

    inlay_hints: InlayHints = "all"
    """What is shown inside the text that is not written there: types of columns, numbers of rows, or both."""

    code_lens: bool = True
    """Show commands and estimates above statements, CTEs and SELECTs."""

    completion_values: bool | None = None
    """Propose the values of columns that have few; None is true for DuckDB, where asking for them costs nothing."""

    format: FormatSettings = _FORMAT
    """How statements are laid out."""

    keep_catalog: bool = True
    """Keep the names and types of tables between sessions."""

    background_tables: int = 5_000
    """A catalog with more tables than this is loaded in the background."""

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
        """These settings of the command line, with a client's options in all that it leaves open.

        Unknown options are left alone: they may be another program's. Raises `SettingsError` on a wrong type.
        """
        if not isinstance(options, Mapping):
            return self
        changes: dict[str, Any] = {}
        for name, read in OPTIONS.items():
            value = options.get(name)
            if value is not None and value != "":
                changes |= read(name, value)
        if self.database is not None:
            changes.pop("database", None)
        if self.database is not None or self.connection:
            # A connection for every document would be another way to say the same.
            others = tuple(one for one in changes.get("connection", ()) if one[0] != EVERYWHERE)
            changes["connection"] = (*others, *self.connection)
        if self.writable:
            changes.pop("writable", None)
        return replace(self, **changes)

    def opens_writable(self, name: str) -> bool:
        """Whether the command line opens that connection, which it names, for writing."""
        return self.writable and (EVERYWHERE, name) in self.connection


def readable(options: Any) -> tuple[dict[str, Any], tuple[SettingsError, ...]]:
    """The options that can be read, and why the others cannot: one mistake does not undo the rest."""
    found: dict[str, Any] = {}
    errors: list[SettingsError] = []
    for name in sorted(OPTIONS.keys() & options.keys()) if isinstance(options, Mapping) else ():
        value = options[name]
        try:
            ServerSettings().with_options({name: value})
        except SettingsError as error:
            errors.append(error)
        else:
            found[name] = value
    return found, tuple(errors)


EVERYWHERE = "**"
"""The pattern that every path fits."""


def _of_kind(kind: type, words: str) -> Callable[[str, Any], dict[str, Any]]:
    def read(name: str, value: Any) -> dict[str, Any]:
        if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
            raise SettingsError(
                f"The setting {name} must be {words}, not {type(value).__name__}.",
                "Correct it in the settings of your editor's language client.",
            )
        return {_field(name): value}

    return read


def _path(name: str, value: Any) -> dict[str, Any]:
    return {_field(name): Path(_text(name, value)[_field(name)])}


def _at_least(least: float, kind: type) -> Callable[[str, Any], dict[str, Any]]:
    def read(name: str, value: Any) -> dict[str, Any]:
        allowed = (int,) if kind is int else (int, float)
        if isinstance(value, bool) or not isinstance(value, allowed) or not value >= least:
            words = "a whole number" if kind is int else "a number"
            raise SettingsError(f"The setting {name} must be {words} of at least {least}.")
        return {_field(name): kind(value)}

    return read


def _connections(name: str, value: Any) -> dict[str, Any]:
    return {_field(name): named_connections(value)}


def _connection(name: str, value: Any) -> dict[str, Any]:
    """A name, or names by patterns of paths."""
    chosen = {EVERYWHERE: value} if isinstance(value, str) else value
    if not isinstance(chosen, Mapping) or not all(isinstance(one, str) for pair in chosen.items() for one in pair):
        raise SettingsError(
            f"The setting {name} must be a name, or an object of patterns and names.",
            'Write "sales", or {"reports/**": "sales"}.',
        )
    return {_field(name): tuple(chosen.items())}


def _language_model(name: str, options: Any) -> dict[str, Any]:
    """The settings of the language model. What was given is not repeated in the message: it may be a key."""
    try:
        return {_field(name): msgspec.convert(options, LanguageModelSettings)}
    except msgspec.ValidationError as error:
        if isinstance(options, Mapping) and {key.lower() for key in map(str, options)} & {"key", "apikey", "api_key"}:
            raise SettingsError(
                "A key does not belong in the settings, which are files that are shared.",
                "Put it into the environment or the keyring, see docs/language-model.md; then consider it known.",
            ) from None
        raise SettingsError(f"The setting {name} does not fit: {error}.", "See docs/language-model.md.") from None


def _speculation(name: str, given: Any) -> dict[str, Any]:
    """What may be spent ahead of submits."""
    return {_field(name): speculation_of(given, name)}


def _history(name: str, given: Any) -> dict[str, Any]:
    """``history: {enabled, limit}`` as settings."""
    enabled = given.get("enabled", True) if isinstance(given, Mapping) else None
    limit = given.get("limit", DEFAULT_HISTORY_LIMIT) if isinstance(given, Mapping) else None
    if not isinstance(enabled, bool) or isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
        raise SettingsError(
            f"The setting {name} must be an object like {{enabled: true, limit: 5000}}.",
            "Correct it in the settings of your editor's language client.",
        )
    return {"history": enabled, "history_limit": limit}


def _format(name: str, given: Any) -> dict[str, Any]:
    """How statements are laid out."""
    try:
        return {_field(name): msgspec.convert(given, FormatSettings)}
    except msgspec.ValidationError as error:
        raise SettingsError(
            f"The setting {name} does not fit: {error}.",
            'It is an object like {"keywordCase": "upper", "lineWidth": 100}; keywordCase is typed, upper or lower.',
        ) from None


def _completion(name: str, given: Any) -> dict[str, Any]:
    """``completion: {values}`` as settings."""
    values = given.get("values") if isinstance(given, Mapping) else None
    if not isinstance(given, Mapping) or not isinstance(values, bool | None):
        raise SettingsError(
            f"The setting {name} must be an object like {{values: true}}.",
            "Correct it in the settings of your editor's language client.",
        )
    return {"completion_values": values}


def _inlay_hints(name: str, given: Any) -> dict[str, Any]:
    if given not in get_args(InlayHints):
        raise SettingsError(
            f"The setting {name} must be one of {', '.join(get_args(InlayHints))}.",
            "Correct it in the settings of your editor's language client.",
        )
    return {_field(name): given}


def _field(option: str) -> str:
    """The field of an option.

    >>> _field("backgroundTables")
    'background_tables'
    """
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in option)


_text = _of_kind(str, "a string")
_flag = _of_kind(bool, "true or false")

OPTIONS: dict[str, Callable[[str, Any], dict[str, Any]]] = {
    "database": _text,
    "workspace": _path,
    "writable": _flag,
    "connections": _connections,
    "connection": _connection,
    "speculate": _flag,
    "speculation": _speculation,
    "history": _history,
    "format": _format,
    "completion": _completion,
    "inlayHints": _inlay_hints,
    "codeLens": _flag,
    "keepCatalog": _flag,
    "backgroundTables": _at_least(0, int),
    "documentLimit": _at_least(1, int),
    "statementLimit": _at_least(1, int),
    "unfinishedSeconds": _at_least(0, float),
    "bindingSeconds": _at_least(0, float),
    "languageModel": _language_model,
}
"""How each option of a client is read; a value of null or an empty text is none."""
