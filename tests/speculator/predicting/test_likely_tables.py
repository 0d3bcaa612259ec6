"""Tables that come next by what was run before."""

from speql_speculator.predicting.history import History
from speql_speculator.predicting.likely_tables import likely_tables
from speql_speculator.predicting.tree_hash import TreeHash
from speql_sql import Catalog, Column, Table

CATALOG = Catalog(tuple(Table(name, (Column("id", "INTEGER"),)) for name in ("orders", "customers", "weather")))


def test_the_tables_of_statements_that_are_alike_come_first() -> None:
    history = History(TreeHash())
    assert likely_tables("SELECT * FROM ", history) == {}
    for at in range(3):
        history.record(
            f"SELECT o.id FROM orders o JOIN customers c ON c.id = o.id WHERE o.id > {at}", CATALOG, float(at)
        )
    history.record("SELECT max(id) FROM weather", CATALOG, 9.0)
    found = likely_tables("SELECT o.id FROM orders o JOIN ", history)
    assert found["customers"] > found["orders"]
    assert found["customers"] > found.get("weather", 0.0)
    assert all(0 <= share <= 1 for share in found.values())
