"""What BigQuery tells of a project without a query, which costs nothing."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from typing import TypeVar

from google.api_core.exceptions import BadRequest, Forbidden, NotFound
from google.cloud.bigquery import Client, DatasetReference, Routine, SchemaField, Table, TableReference
from google.cloud.bigquery.table import Row

from speql_engines.bigquery.errors import DRIVER_ERRORS, engine_error
from speql_engines.bigquery.location import Dataset, Location
from speql_engines.bigquery.sessions import RETRY
from speql_engines.engine import EngineError

T = TypeVar("T")
U = TypeVar("U")
About = TypeVar("About")

_SECONDS = 30.0
_AT_ONCE = 64
"""So many requests are handed in together; after them is seen whether the answers are wanted still."""


def region_of(client: Client, location: Location) -> str:
    """The region of the default dataset, or of all datasets if it is the same; else nothing.

    What fails comes out as the client's own error: then the project cannot be seen.
    """
    if location.dataset:
        dataset = DatasetReference(location.project, location.dataset)
        return str(client.get_dataset(dataset, retry=RETRY, timeout=_SECONDS).location or "")
    found = client.list_datasets(location.project, retry=RETRY, timeout=_SECONDS)
    regions = {str(one._properties.get("location") or "") for one in found}
    return regions.pop() if len(regions) == 1 else ""


class Metadata:
    """Asks the interface for metadata, several requests side by side; all methods block."""

    def __init__(self, client: Client, location: Location, executor: Executor) -> None:
        self._client = client
        self._location = location
        self._executor = executor

    def datasets(self) -> list[Dataset]:
        """The datasets that the catalog has: those that were named, else all of the project in its region."""
        if self._location.datasets:
            return list(self._location.datasets)
        region = self._location.region.upper()
        found = self._asked(
            lambda: list(self._client.list_datasets(self._location.project, retry=RETRY, timeout=_SECONDS))
        )
        regions = {one.dataset_id: str(one._properties.get("location") or region).upper() for one in found}
        return [(one.project, one.dataset_id) for one in found if not region or regions[one.dataset_id] == region]

    def tables_in(self, dataset: Dataset) -> list[TableReference]:
        """The names of all tables and views of a dataset: one request for a thousand."""

        def asked() -> list[TableReference]:
            listed = self._client.list_tables(DatasetReference(*dataset), page_size=1000, retry=RETRY, timeout=_SECONDS)
            return [one.reference for one in listed]

        return self._asked(asked, [])

    def routines_in(self, dataset: Dataset) -> list[Routine]:
        """The functions and procedures of a dataset."""

        def asked() -> list[Routine]:
            listed = self._client.list_routines(DatasetReference(*dataset), retry=RETRY, timeout=_SECONDS)
            return list(listed)

        return self._asked(asked, [])

    def get(self, tables: Sequence[TableReference], wanted: Callable[[], object] = lambda: None) -> list[Table | None]:
        """All that there is to know of each table; None of one that is gone, or that one may not see.

        ``wanted`` is called from time to time, and raises if the answers are not wanted any more.
        """
        found: list[Table | None] = []
        for at in range(0, len(tables), _AT_ONCE):
            wanted()
            found += self.side_by_side(self._get, tables[at : at + _AT_ONCE])
        return found

    def rows(self, table: Table, fields: Sequence[SchemaField], most: int) -> tuple[list[Row], int] | None:
        """The first rows of a table past the query engine (``tabledata.list``), with these fields in the table's order,
        and how many rows it has; None if one may not have them so.
        """

        def asked() -> tuple[list[Row], int]:
            found = self._client.list_rows(table, fields, max_results=max(most, 1), retry=RETRY, timeout=_SECONDS)
            rows = list(found)
            return rows, found.total_rows or 0

        try:
            return self._asked(asked, None)
        except EngineError as error:
            if isinstance(error.__cause__, BadRequest):
                return None  # rows of it are hidden by a policy
            raise

    def side_by_side(self, ask: Callable[[About], T], about: Iterable[About]) -> list[T]:
        """The answers to one question about many things, in their order."""
        return list(self._executor.map(ask, about))

    def _get(self, table: TableReference) -> Table | None:
        return self._asked(lambda: self._client.get_table(table, retry=RETRY, timeout=_SECONDS), None)

    def _asked(self, ask: Callable[[], T], *otherwise: U) -> T | U:
        """The answer; what there is ``otherwise`` of something that is gone, or that one may not see."""
        try:
            return ask()
        except (NotFound, Forbidden) as error:
            if otherwise:
                return otherwise[0]
            raise engine_error(error) from error
        except DRIVER_ERRORS as error:
            raise engine_error(error) from error
