"""A PostgreSQL target of dbt's ``profiles.yml`` as a connection."""

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from speql_server.connecting.dbt_values import DbtValues, UnknownValueError, unknown_target
from speql_server.connecting.given_password import GivenPassword
from speql_server.connecting.named_connection import NamedConnection

_PASSED_ON = ("sslmode", "connect_timeout", "keepalives_idle")
_FILES = ("sslcert", "sslkey", "sslrootcert")
_PLAIN_HOST = re.compile(r"[A-Za-z0-9._-]+")


def postgres_target(
    name: str,
    output: Mapping[str, Any],
    text: Callable[[Any], str | None],
    project: Path,
    source: str,
    advice: str = "",
) -> NamedConnection:
    """The connection, opened read-only, or the reason why not. ``text`` fills a value in as dbt does, or gives None.

    The password is handed to the engine at its login and is nowhere else; ``source`` is the file to name where it is
    wrong. Without one libpq looks for it. ``advice`` is told with a value that cannot be filled in.
    """

    value = DbtValues(output, text)
    try:
        host, port, user = value("host"), value("port"), value("user")
        database, password = value("dbname", "database"), value("password", "pass")
        settings = {key: value(key) for key in _PASSED_ON if value(key) not in ("", "0")}
        files = {key: _path(value(key), project) for key in _FILES if value(key)}
        options = [_option(key, value(key)) for key in ("search_path", "role") if value(key)]
    except UnknownValueError as error:
        return unknown_target(name, error, advice)
    if not host or not database:
        missing = "host" if not host else "dbname"
        return NamedConnection(name, unavailable=f"{name} has no {missing} in the {source}.")
    more = settings | files | ({"options": " ".join(options)} if options else {})
    url = _url(host, port, user, database, more)
    return NamedConnection(name, url, secret=GivenPassword(password, source) if password else None)


def _url(host: str, port: str, user: str, database: str, more: Mapping[str, str]) -> str:
    plain = _PLAIN_HOST.fullmatch(host) is not None  # else a socket's folder or an address of IPv6
    settings = dict(more) if plain else {"host": host, **({"port": port} if port else {}), **more}
    place = (host + (f":{port}" if port else "")) if plain else ""
    login = f"{quote(user, safe='')}@" if user else ""
    query = f"?{urlencode(settings, quote_via=quote)}" if settings else ""
    return f"postgresql://{login}{place}/{quote(database, safe='')}{query}"


def _path(given: str, project: Path) -> str:
    """Relative paths start where dbt is run, which is the project."""
    return str(project / os.path.expanduser(given))  # noqa: PTH111 - it never raises


def _option(name: str, value: str) -> str:
    """A setting of the session as the server's command line has it.

    >>> _option("search_path", "shop, public")
    '-c search_path=shop,\\\\ public'
    """
    escaped = re.sub(r"([\\\s])", r"\\\1", value)
    return f"-c {name}={escaped}"
