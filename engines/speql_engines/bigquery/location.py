"""What a BigQuery project is called, and where its statements run."""

from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

from speql_engines.engine import ConnectionFailedError

_FORM = "bigquery://project/dataset?location=EU, or bigquery://project"
_SETTINGS = frozenset({"billing_project", "datasets", "information_schema", "location"})
_SECRETS = frozenset({"password", "token", "access_token", "key", "private_key", "credentials", "client_secret"})
_WHERE_SECRETS_GO = (
    "Run `gcloud auth application-default login`, or name the file of a service account's key in the environment "
    "variable GOOGLE_APPLICATION_CREDENTIALS."
)

Dataset = tuple[str, str]
"""The project of a dataset, and its own name."""


@dataclass(frozen=True, slots=True)
class Location:
    """A project, the dataset in which names without one are looked up, and the region of both where it is told.

    Statements are billed to ``billing_project``. The catalog has ``datasets``; all of the project where there are none.
    ``information_schema`` allows to read it by queries, which are billed.
    """

    project: str
    dataset: str = ""
    region: str = ""
    billing_project: str = ""
    datasets: tuple[Dataset, ...] = ()
    information_schema: bool = False

    @property
    def label(self) -> str:
        """What people call it."""
        return f"{self.dataset} in {self.project}" if self.dataset else self.project


def location_of(url: str) -> Location:
    """What ``url`` says; :class:`ConnectionFailedError` if it says nothing, or holds a secret.

    >>> found = location_of("bigquery://my-project/shop?location=EU&datasets=shop,bigquery-public-data.samples")
    >>> found.label, found.region, found.datasets[1]
    ('shop in my-project', 'EU', ('bigquery-public-data', 'samples'))
    """
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise ConnectionFailedError("The name of the BigQuery project is not understood.", f"Write {_FORM}.") from error
    settings = dict(parse_qsl(parts.query, keep_blank_values=True))
    if "@" in parts.netloc or _SECRETS & settings.keys():
        # It would lie open in settings, histories of shells and lists of processes.
        raise ConnectionFailedError("The name of the project holds a user or a secret.", _WHERE_SECRETS_GO)
    unknown = sorted(settings.keys() - _SETTINGS)
    if unknown or parts.fragment:
        what = f"the setting {unknown[0]}" if unknown else "what stands behind #"
        raise ConnectionFailedError(
            f"The name of the BigQuery project has {what}, which is not known.",
            f"Known are {', '.join(sorted(_SETTINGS))}.",
        )
    project, path = unquote(parts.netloc), [unquote(part) for part in parts.path.split("/") if part]
    if not project:
        raise ConnectionFailedError("The name of the database has no project.", f"Write {_FORM}.")
    if len(path) > 1:
        raise ConnectionFailedError("The name of the BigQuery project has too many parts.", f"Write {_FORM}.")
    return Location(
        project,
        path[0] if path else "",
        settings.get("location", ""),
        settings.get("billing_project", "") or project,
        tuple(_dataset(one.strip(), project) for one in settings.get("datasets", "").split(",") if one.strip()),
        settings.get("information_schema", "no").lower() in ("", "1", "true", "yes"),
    )


def _dataset(name: str, project: str) -> Dataset:
    where, _, own = name.rpartition(".")
    return where or project, own
