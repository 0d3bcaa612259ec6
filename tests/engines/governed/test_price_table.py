"""The price table."""

from speql_engines import EngineInfo
from speql_engines.governed.prices import price_of, price_table


def test_a_price_goes_by_the_size_and_is_not_known_without_one() -> None:
    def hourly(engine: str, size: str) -> float | None:
        return price_of(EngineInfo(engine, "", "", False, "", paid=True, size=size)).per_hour

    assert hourly("Snowflake", "X-Small") == 3.0
    assert hourly("Snowflake", "2X-Large") == 96.0
    assert hourly("Redshift", "8") == 3.0
    assert hourly("Snowflake", "") is None
    assert hourly("Snowflake", "Gigantic") is None
    assert hourly("Unlisted", "1") is None
    assert price_of(EngineInfo("DuckDB", "", "", False, "duckdb")).dollars(1e9, 1 << 50) == 0.0
    assert len(price_table().as_of) == len("2025-12")
