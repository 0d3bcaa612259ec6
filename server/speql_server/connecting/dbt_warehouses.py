"""Snowflake, Redshift and BigQuery targets of dbt's ``profiles.yml`` as connections."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from speql_server.connecting.dbt_values import DbtValues, UnknownValueError, unknown_target
from speql_server.connecting.given_password import GivenPassword
from speql_server.connecting.named_connection import NamedConnection


class _RefusedError(Exception):
    """Why a target cannot be opened as it is, and what to do."""


def warehouse_target(
    name: str, kind: str, output: Mapping[str, Any], text: Callable[[Any], str | None], source: str
) -> NamedConnection:
    """The connection to what is one of the ``WAREHOUSES``, opened read-only, or the reason why not.

    The password is handed to the engine at its login and is nowhere else; ``source`` is the file to name where it is
    wrong. ``text`` fills a value in as dbt does, or gives None.
    """
    values = DbtValues(output, text)
    try:
        url = _URLS[kind](values)
        password = values("password", "pass")
    except UnknownValueError as error:
        return unknown_target(name, error)
    except _RefusedError as error:
        return NamedConnection(name, unavailable=f"{name} {error}")
    return NamedConnection(name, url, secret=GivenPassword(password, source) if password else None)


def _snowflake(value: DbtValues) -> str:
    if value.output.get("token") or value.output.get("private_key") or value.output.get("private_key_passphrase"):
        raise _RefusedError(
            "logs in with a token or a key in the file, which SpeQL does not hand on: put it into Snowflake's "
            "connections.toml, and open snowflake://NAME."
        )
    place = "/".join(_quoted(_needed(value, key)) for key in ("account", "database"))
    schema = value("schema")
    settings = {
        "warehouse": value("warehouse"),
        "role": value("role"),
        "authenticator": value("authenticator"),
        "private_key_file": value("private_key_path"),
    }
    return f"snowflake://{_login(value('user'))}{place}{f'/{_quoted(schema)}' if schema else ''}{_query(settings)}"


def _redshift(value: DbtValues) -> str:
    method = value("method") or "database"
    if method not in ("database", "iam"):
        raise _RefusedError(f"logs in by {_shown(method)}: speql connections add NAME redshift://.. says how here.")
    host, port, database = value("host"), value("port"), _quoted(_needed(value, "dbname", "database"))
    place = f"{host}{f':{port}' if host and port else ''}"
    if method == "database":
        return f"redshift://{_login(value('user'))}{_needed(value, 'host') and place}/{database}"
    settings = {
        "iam": "true",
        "cluster_identifier": value("cluster_id"),
        "region": value("region"),
        "profile": value("iam_profile"),
        "db_user": value("user"),
    }
    return f"redshift://{place}/{database}{_query(settings)}"


def _bigquery(value: DbtValues) -> str:
    project = _quoted(_needed(value, "project", "database"))
    method = value("method") or "oauth"
    if method != "oauth":
        raise _RefusedError(
            f"logs in by {_shown(method)}: let GOOGLE_APPLICATION_CREDENTIALS name the file of its key, and "
            "speql connections add NAME bigquery://PROJECT/DATASET."
        )
    dataset = value("dataset", "schema")
    settings = {"location": value("location"), "billing_project": value("execution_project")}
    return f"bigquery://{project}{f'/{_quoted(dataset)}' if dataset else ''}{_query(settings)}"


_URLS: Mapping[str, Callable[[DbtValues], str]] = {
    "bigquery": _bigquery,
    "redshift": _redshift,
    "snowflake": _snowflake,
}
WAREHOUSES = frozenset(_URLS)
"""The types of targets that these are."""


def _needed(value: DbtValues, *keys: str) -> str:
    if not (found := value(*keys)):
        raise _RefusedError(f"has no {keys[0]} in its profiles.yml.")
    return found


def _shown(method: str) -> str:
    """A method, if it looks like one: whatever else stands there may be a secret."""
    return method if method.replace("-", "").replace("_", "").isalnum() and len(method) < 40 else "another method"


def _login(user: str) -> str:
    return f"{_quoted(user)}@" if user else ""


def _quoted(part: str) -> str:
    return quote(part, safe="")


def _query(settings: Mapping[str, str]) -> str:
    given = {key: value for key, value in settings.items() if value}
    return f"?{urlencode(given, quote_via=quote)}" if given else ""
