"""What a Snowflake database is called, and what the driver is told of it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from snowflake.connector.config_manager import CONFIG_MANAGER
from snowflake.connector.errors import Error as SnowflakeError

from speql_engines.engine import ConnectionFailedError

_FORM = "snowflake://account/database/schema?warehouse=..&role=.., or snowflake://NAME for a name of connections.toml"
_SETTINGS = frozenset({"warehouse", "role", "user", "authenticator", "host", "port", "protocol", "private_key_file"})
_SECRETS = frozenset({"password", "passcode", "token", "private_key", "private_key_file_pwd", "oauth_client_secret"})
_WHERE_SECRETS_GO = (
    "Put it into ~/.snowflake/connections.toml and write snowflake://NAME, or into the environment variable "
    "SNOWFLAKE_PASSWORD."
)
INTERACTIVE = frozenset({"externalbrowser", "oauth_authorization_code", "username_password_mfa"})
"""Ways to log in that ask the user for something each time."""


@dataclass(frozen=True)
class Location:
    """What the driver is told to log in, and how to call that without a secret. ``arguments`` may hold secrets."""

    label: str
    arguments: Mapping[str, Any] = field(repr=False)

    @property
    def interactive(self) -> bool:
        """Whether logging in asks the user: then nothing but the user's own statements may do it."""
        return str(self.arguments.get("authenticator", "")).lower() in INTERACTIVE


def location_of(url: str, named: Mapping[str, Mapping[str, Any]] | None = None) -> Location:
    """What ``url`` says; :class:`ConnectionFailedError` if it says nothing, or holds a secret.

    ``named`` are the connections of ``connections.toml``; without it the driver is asked for them.

    >>> found = location_of("snowflake://ann@my-account/SHOP/PUBLIC?warehouse=SMALL", {})
    >>> found.label, found.arguments["warehouse"], found.arguments["user"]
    ('SHOP in my-account', 'SMALL', 'ann')
    """
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise ConnectionFailedError(
            "The name of the Snowflake database is not understood.", f"Write {_FORM}."
        ) from error
    settings = dict(parse_qsl(parts.query, keep_blank_values=True))
    if parts.password is not None or _SECRETS & settings.keys():
        # It would lie open in settings, histories of shells and lists of processes.
        raise ConnectionFailedError("The name of the database holds a secret.", _WHERE_SECRETS_GO)
    account = unquote(parts.netloc.rpartition("@")[2])
    unknown = sorted(settings.keys() - _SETTINGS)
    if unknown or parts.fragment:
        what = f"the setting {unknown[0]}" if unknown else "what stands behind #"
        raise ConnectionFailedError(
            f"The name of the Snowflake database has {what}, which is not known.",
            f"Known are {', '.join(sorted(_SETTINGS))}; anything else belongs into ~/.snowflake/connections.toml.",
        )
    if not account:
        raise ConnectionFailedError("The name of the Snowflake database has no account.", f"Write {_FORM}.")
    path = [unquote(part) for part in parts.path.split("/") if part]
    if len(path) > 2:
        raise ConnectionFailedError("The name of the Snowflake database has too many parts.", f"Write {_FORM}.")
    known = _named() if named is None else named
    arguments: dict[str, Any] = dict(settings)
    if "port" in settings and not settings["port"].isdecimal():
        raise ConnectionFailedError("The port of the Snowflake database is no number.", f"Write {_FORM}.")
    if "port" in settings:
        arguments["port"] = int(settings["port"])
    if account in known:
        arguments = {**known[account], **arguments}
    elif not path:
        names = ", ".join(sorted(known)) or "none"
        raise ConnectionFailedError(
            f"No Snowflake connection is named {account}; named are: {names}.",
            f"Name it in ~/.snowflake/connections.toml, or write {_FORM}.",
        )
    else:
        arguments["account"] = account
        if password := os.environ.get("SNOWFLAKE_PASSWORD"):
            arguments.setdefault("password", password)
        if user := parts.username or os.environ.get("SNOWFLAKE_USER"):
            arguments.setdefault("user", unquote(user))
    arguments.update(zip(("database", "schema"), path, strict=False))
    if not arguments.get("database"):
        raise ConnectionFailedError(
            f"{account} does not say which database to open.",
            f"Write snowflake://{account}/DATABASE, or name one in connections.toml.",
        )
    return Location(f"{arguments['database']} in {account}", arguments)


def _named() -> Mapping[str, Mapping[str, Any]]:
    """The connections of the user's connections.toml, as the driver finds them."""
    try:
        found = CONFIG_MANAGER["connections"]
    except SnowflakeError as error:
        # Not the driver's words: they may quote the file, which holds passwords.
        hint = "Mend ~/.snowflake/connections.toml; only you may be able to read it (chmod 600)."
        raise ConnectionFailedError("Snowflake's connections.toml could not be read.", hint) from error
    return {str(name): dict(one) for name, one in found.items()} if isinstance(found, Mapping) else {}
