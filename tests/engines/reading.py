"""What a query gives, for a test."""

from speql_engines import Engine


async def rows(engine: Engine, sql: str) -> list[tuple[object, ...]]:
    """Its rows."""
    table = (await engine.execute(sql)).rows
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


async def value(engine: Engine, sql: str) -> object:
    """The first value of its first row."""
    return (await rows(engine, sql))[0][0]
