"""Which constants are being changed; a cursor is written as |, and what a repair has put in stands in [ ]."""

import pytest

from speql_speculator.hot_columns import hot_columns
from speql_sql import Catalog, Column, Span, Table

CATALOG = Catalog(
    (Table("flights", (Column("carrier", "VARCHAR"), Column("delay", "INTEGER"), Column("day", "DATE"))),)
)


@pytest.mark.parametrize(
    ("text", "edited"),
    [
        ("SELECT carrier FROM flights WHERE delay = 5| ORDER BY carrier", ("delay",)),
        ("SELECT carrier FROM flights WHERE delay = |5 AND carrier = 'AA'", ("delay",)),
        ("SELECT carrier FROM flights WHERE delay = 5|", ()),
        ("SELECT carrier FROM flights WHERE delay = 5|;", ()),
        ("SELECT carrier, count(*) FROM flights WHERE delay = 5|[ GROUP BY carrier]", ()),
        ("SELECT carrier, count(*) FROM flights WHERE delay = 5| [GROUP BY carrier] ORDER BY carrier", ("delay",)),
        ("WITH late AS (SELECT carrier FROM flights WHERE delay = 5|)", ()),
        ("WITH late AS (SELECT carrier FROM flights WHERE delay = 5|) SELECT * FROM late", ("delay",)),
    ],
)
def test_what_is_being_changed(text: str, edited: tuple[str, ...]) -> None:
    bare = text.replace("|", "")
    inserted = [Span(bare.index("["), bare.index("]") - 1)] if "[" in bare else []
    sql, cursor = bare.replace("[", "").replace("]", ""), text.replace("[", "").index("|")
    assert hot_columns(sql, cursor, CATALOG, inserted).edited == edited
