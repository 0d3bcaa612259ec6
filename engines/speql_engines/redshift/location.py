"""What a Redshift database is called, and what the driver is told of it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from speql_engines.engine import ConnectionFailedError
from speql_sql.secret import Secret

_FORM = "redshift://user@host:5439/database, or redshift:///database?iam=true&cluster_identifier=..&profile=.."
_TEXTS = frozenset(
    {
        "cluster_identifier",
        "credentials_provider",
        "db_user",
        "endpoint_url",
        "profile",
        "region",
        "serverless_acct_id",
        "serverless_work_group",
        "sslmode",
    }
)
_SWITCHES = frozenset({"group_federation", "iam", "is_serverless", "ssl"})
_SECRETS = frozenset({"password", "access_key_id", "secret_access_key", "session_token", "client_secret", "token"})
_WHERE_SECRETS_GO = "Put it into the environment variable REDSHIFT_PASSWORD, or let AWS say: ?iam=true&profile=.."
_PORT = 5439


@dataclass(frozen=True)
class Location:
    """What the driver is told to log in, and how to call that without a secret. ``arguments`` may hold secrets."""

    label: str
    arguments: Mapping[str, Any] = field(repr=False)


def location_of(url: str, password: Secret | None = None) -> Location:
    """What ``url`` says; :class:`ConnectionFailedError` if it says nothing, or holds a secret.

    Where no ``password`` is given, it is in the environment (``REDSHIFT_PASSWORD``, else ``PGPASSWORD``); with ``iam``
    the driver takes what AWS knows: a profile, the environment, the role of a machine.

    >>> location_of("redshift:///dev?iam=true&cluster_identifier=shop").label
    'dev on shop'
    """
    try:
        parts = urlsplit(url)
        port = parts.port or _PORT
    except ValueError as error:
        raise ConnectionFailedError(
            "The name of the Redshift database is not understood.", f"Write {_FORM}."
        ) from error
    settings = dict(parse_qsl(parts.query, keep_blank_values=True))
    if parts.password is not None or _SECRETS & settings.keys():
        # It would lie open in settings, histories of shells and lists of processes.
        raise ConnectionFailedError("The name of the database holds a secret.", _WHERE_SECRETS_GO)
    unknown = sorted(settings.keys() - _TEXTS - _SWITCHES)
    if unknown:
        raise ConnectionFailedError(
            f"The name of the Redshift database has the setting {unknown[0]}, which is not known.",
            f"Known are {', '.join(sorted(_TEXTS | _SWITCHES))}.",
        )
    database = unquote(parts.path.strip("/"))
    if not database or "/" in database:
        raise ConnectionFailedError("The name of the Redshift database names no database.", f"Write {_FORM}.")
    arguments: dict[str, Any] = {name: settings[name] for name in _TEXTS & settings.keys()}
    arguments |= {name: settings[name].lower() in ("", "1", "true", "yes") for name in _SWITCHES & settings.keys()}
    arguments |= {"database": database, "port": port}
    if parts.hostname:
        arguments["host"] = parts.hostname
    elif not arguments.get("iam"):
        raise ConnectionFailedError("The name of the Redshift database has no host.", f"Write {_FORM}.")
    user = unquote(parts.username) if parts.username else os.environ.get("REDSHIFT_USER")
    if user:
        arguments["user"] = user
    known = os.environ.get("REDSHIFT_PASSWORD") or os.environ.get("PGPASSWORD")
    if not arguments.get("iam") and "credentials_provider" not in arguments:
        if not user:
            raise ConnectionFailedError("The name of the Redshift database names no user.", f"Write {_FORM}.")
        if password is None and not known:
            raise ConnectionFailedError("There is no password for Redshift.", _WHERE_SECRETS_GO)
        arguments["password"] = password.reveal() if password is not None else known
    where = arguments.get("host") or arguments.get("cluster_identifier") or arguments.get("serverless_work_group")
    return Location(f"{database} on {where or 'Redshift'}", arguments)
