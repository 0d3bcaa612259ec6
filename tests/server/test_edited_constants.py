"""Which constants the server takes to be changing, of texts that are repaired."""

import pytest

from speql_server.analysis import Analyst
from speql_speculator.snapshot import Snapshot
from speql_sql import Catalog, Column, Table

CATALOG = Catalog((Table("flights", (Column("carrier", "VARCHAR"), Column("delay", "INTEGER"))),))


@pytest.mark.parametrize(
    ("text", "edited"),
    [
        ("SELECT carrier, count(*) FROM flights WHERE delay = 5|", ()),
        ("SELECT carrier, count(*) FROM flights WHERE delay = 5| ORDER BY carrier", ("delay",)),
    ],
)
def test_a_constant_that_is_typed_for_the_first_time_is_not_changed(text: str, edited: tuple[str, ...]) -> None:
    """The repair puts GROUP BY behind it."""
    sql = text.replace("|", "")
    analysis = Analyst(10_000, 10_000).analyse(Snapshot("file:///q.sql", 1, sql, text.index("|")), CATALOG)
    assert analysis.repair is not None
    assert "GROUP BY" in (analysis.repair.sql or "")
    assert analysis.hot.edited == edited
