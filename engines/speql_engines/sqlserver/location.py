"""What a database of SQL Server or Synapse is called, and what the driver is told of it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from speql_engines.engine import ConnectionFailedError

_FORM = (
    "mssql://user@host:1433/database, or synapse://workspace.sql.azuresynapse.net/pool"
    "?authentication=ActiveDirectoryInteractive"
)
_SETTINGS = {
    "encrypt": "Encrypt",
    "trust_certificate": "TrustServerCertificate",
    "host_name_in_certificate": "HostnameInCertificate",
    "server_certificate": "ServerCertificate",
    "application_intent": "ApplicationIntent",
    "multi_subnet_failover": "MultiSubnetFailover",
    "authentication": "Authentication",
    "trusted_connection": "Trusted_Connection",
}
_SECRETS = frozenset({"password", "pwd", "secret", "client_secret", "token", "access_token"})
_WHERE_SECRETS_GO = "Put it into the environment variable MSSQL_PASSWORD, or keep it: speql connections add NAME URL."
_PORT = 1433
_WITHOUT_PASSWORD = {
    name.lower(): name for name in ("ActiveDirectoryDefault", "ActiveDirectoryInteractive", "ActiveDirectoryMSI")
}
_WITH_PASSWORD = {
    name.lower(): name for name in ("SqlPassword", "ActiveDirectoryPassword", "ActiveDirectoryServicePrincipal")
}
_YES = frozenset({"", "1", "true", "yes"})


@dataclass(frozen=True)
class Location:
    """What the driver is told to log in, by the words of its connection strings, and how to call that.

    No password is in it: ``takes_password`` says whether logging in needs one, ``paid`` that the name itself says that
    statements cost money.
    """

    label: str
    arguments: Mapping[str, str]
    takes_password: bool
    paid: bool = False
    password: str | None = field(default=None, repr=False)
    """The one of the environment, for where none is kept."""


def location_of(url: str) -> Location:
    """What ``url`` says; :class:`ConnectionFailedError` if it says nothing, or holds a secret.

    >>> found = location_of("mssql://sales.example/shop?authentication=ActiveDirectoryDefault&encrypt=strict")
    >>> found.label, found.takes_password, sorted(found.arguments.items())[:2]
    ('shop on sales.example', False, [('Authentication', 'ActiveDirectoryDefault'), ('Database', 'shop')])
    """
    try:
        parts = urlsplit(url)
        port = parts.port or _PORT
    except ValueError as error:
        raise ConnectionFailedError("The name of the database is not understood.", f"Write {_FORM}.") from error
    settings = dict(parse_qsl(parts.query, keep_blank_values=True))
    if parts.password is not None or _SECRETS & {name.lower() for name in settings}:
        # It would lie open in settings, histories of shells and lists of processes.
        raise ConnectionFailedError("The name of the database holds a secret.", _WHERE_SECRETS_GO)
    unknown = sorted(settings.keys() - _SETTINGS.keys())
    if unknown or parts.fragment:
        what = f"the setting {unknown[0]}" if unknown else "what stands behind #"
        raise ConnectionFailedError(
            f"The name of the database has {what}, which is not known.", f"Known are {', '.join(sorted(_SETTINGS))}."
        )
    database = unquote(parts.path.strip("/"))
    if not parts.hostname or not database or "/" in database:
        raise ConnectionFailedError("The name of the database names no host and database.", f"Write {_FORM}.")
    authentication = _authentication(settings.get("authentication", ""))
    trusted = settings.get("trusted_connection", "no").lower() in _YES
    arguments = {_SETTINGS[name]: value for name, value in settings.items() if value}
    arguments |= {"Server": f"{parts.hostname},{port}", "Database": database}
    if authentication:
        arguments["Authentication"] = authentication
    user = unquote(parts.username) if parts.username else os.environ.get("MSSQL_USER", "")
    takes_password = not trusted and authentication not in _WITHOUT_PASSWORD.values()
    if user:
        arguments["UID"] = user
    elif takes_password:
        raise ConnectionFailedError("The name of the database names no user.", f"Write {_FORM}.")
    return Location(
        f"{database} on {parts.hostname}",
        arguments,
        takes_password,
        parts.scheme.lower() == "synapse",
        os.environ.get("MSSQL_PASSWORD"),
    )


def no_password() -> ConnectionFailedError:
    """There is nothing to log in with."""
    return ConnectionFailedError("There is no password for the database.", _WHERE_SECRETS_GO, "login")


def _authentication(name: str) -> str:
    if not name:
        return ""
    known = _WITHOUT_PASSWORD | _WITH_PASSWORD
    if name.lower() == "activedirectorydevicecode":
        # The driver prints the code on standard output, which belongs to the editor.
        raise ConnectionFailedError(
            "ActiveDirectoryDeviceCode cannot be used: nobody would see the code.", "Use ActiveDirectoryInteractive."
        )
    if name.lower() not in known:
        raise ConnectionFailedError(
            f"authentication={name} is not known.", f"Known are {', '.join(sorted(known.values()))}."
        )
    return known[name.lower()]
