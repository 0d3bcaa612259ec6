"""What a Spark Connect server or a Databricks cluster is called, and what the client is told of it."""

import os
import re
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from speql_engines.engine import ConnectionFailedError

Product = Literal["Spark", "Databricks"]

_SPARK_FORM = "sc://host:15002/;user_id=ann;use_ssl=true"
_DATABRICKS_FORM = "databricks://host/catalog/schema?cluster_id=.. (or ?http_path=..)"
_SECRET = re.compile(r"token|secret|passw|auth|credential|api-?key", re.I)
_SPARK_SETTINGS = frozenset({"user_id", "use_ssl", "user_agent"})
_DATABRICKS_SETTINGS = frozenset({"cluster_id", "http_path"})
_CLUSTER_PATH = re.compile(r"/?sql/protocolv1/o/\d+/([\w-]+)/?")
_CLUSTER_HEADER = "x-databricks-cluster-id"
_SPARK_TOKEN, _DATABRICKS_TOKEN = "SPARK_CONNECT_AUTHENTICATE_TOKEN", "DATABRICKS_TOKEN"
_PORT = 15002


@dataclass(frozen=True)
class Location:
    """Where the server is, and how to call it; no secret is in it.

    ``url`` is Spark Connect's own name of it. Of Databricks ``cluster`` is the id of the cluster, and ``place`` the
    catalog and schema to begin in, as far as they are named.
    """

    product: Product
    label: str
    url: str
    host: str
    cluster: str = ""
    place: tuple[str, ...] = ()
    token_variable: str = field(default=_SPARK_TOKEN)

    @property
    def dialect(self) -> str:
        """sqlglot's name of its SQL."""
        return self.product.lower()

    @property
    def token(self) -> str | None:
        """The token of the environment."""
        return os.environ.get(self.token_variable) or None


def spark_location(url: str) -> Location:
    """What ``sc://...`` says; :class:`ConnectionFailedError` if it says nothing, or holds a secret.

    Its parameters are Spark Connect's; ``x-...`` are sent to the server as headers.

    >>> spark_location("sc://10.0.0.7/;user_id=ann").url
    'sc://10.0.0.7:15002/;user_id=ann'
    """
    host, port, userinfo, path, query = _parts(url, _SPARK_FORM)
    named, *pairs = path.split(";")
    settings = _settings([pair.partition("=")[::2] for pair in pairs if pair], _SPARK_TOKEN)
    _refuse_secret(userinfo, query, _SPARK_TOKEN)
    unknown = sorted(name for name in settings if name not in _SPARK_SETTINGS and not name.startswith("x-"))
    if unknown or query or named.strip("/"):
        what = f"the parameter {unknown[0]}" if unknown else "more than a host, a port and parameters"
        raise ConnectionFailedError(
            f"The name of the Spark server has {what}, which is not known.",
            f"Write {_SPARK_FORM}; catalog and schema are chosen by USE.",
        )
    if userinfo:
        settings.setdefault("user_id", userinfo)
    told = ";".join(f"{name}={quote(value, safe='')}" for name, value in settings.items())
    at = f"{host}:{port or _PORT}"
    return Location("Spark", at, f"sc://{at}/;{told}", host)


def databricks_location(url: str) -> Location:
    """What ``databricks://host/catalog/schema?cluster_id=..`` says; refused as :func:`spark_location` refuses.

    >>> found = databricks_location("databricks://dbc-1.cloud.databricks.com/main?cluster_id=0123-1")
    >>> found.cluster, found.place, found.url
    ('0123-1', ('main',), 'sc://dbc-1.cloud.databricks.com:443/;use_ssl=true;x-databricks-cluster-id=0123-1')
    """
    host, port, userinfo, path, query = _parts(url, _DATABRICKS_FORM)
    _refuse_secret(userinfo, "", _DATABRICKS_TOKEN)
    settings = _settings(parse_qsl(query, keep_blank_values=True), _DATABRICKS_TOKEN)
    unknown = sorted(settings.keys() - _DATABRICKS_SETTINGS)
    place = tuple(unquote(part) for part in path.split("/") if part)
    if unknown or len(place) > 2 or userinfo:
        what = f"the setting {unknown[0]}" if unknown else "too many parts"
        raise ConnectionFailedError(f"The name of the Databricks cluster has {what}.", f"Write {_DATABRICKS_FORM}.")
    cluster = settings.get("cluster_id") or _cluster_of(settings.get("http_path", ""))
    if not re.fullmatch(r"[\w-]+", cluster):
        raise ConnectionFailedError("The name says no cluster of Databricks.", f"Write {_DATABRICKS_FORM}.")
    address = f"sc://{host}:{port or 443}/;use_ssl=true;{_CLUSTER_HEADER}={cluster}"
    return Location("Databricks", f"{cluster} at {host}", address, host, cluster, place, _DATABRICKS_TOKEN)


def _cluster_of(http_path: str) -> str:
    if found := _CLUSTER_PATH.fullmatch(http_path):
        return found[1]
    if "warehouses/" in http_path or "endpoints/" in http_path:
        raise ConnectionFailedError(
            "That is the path of a SQL warehouse, which does not speak Spark Connect.",
            "Name a cluster (Compute, Advanced options, JDBC/ODBC shows its path): ?cluster_id=..",
        )
    return ""


def _parts(url: str, form: str) -> tuple[str, int | None, str, str, str]:
    """Host, port, what stands before the host, path and query."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ConnectionFailedError("The name of the server is not understood.", f"Write {form}.") from error
    if not host or parts.fragment:
        raise ConnectionFailedError("The name of the server has no host.", f"Write {form}.")
    before = parts.netloc.rpartition("@")[0]
    return f"[{host}]" if ":" in host else host, port, unquote(before), parts.path, parts.query


def _settings(pairs: list[tuple[str, str]], variable: str) -> dict[str, str]:
    for name, _ in pairs:
        _refuse_secret("", name, variable)
    return {name: unquote(value) for name, value in pairs}


def _refuse_secret(userinfo: str, names: str, variable: str) -> None:
    # It would lie open in settings, histories of shells and lists of processes.
    if ":" in userinfo or _SECRET.search(names):
        raise ConnectionFailedError(
            "The name of the server holds a secret.",
            f"Put the token into the keyring (speql connections add) or into the environment variable {variable}.",
            "login",
        )
