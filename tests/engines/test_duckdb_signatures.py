"""How functions are called, as DuckDB says itself."""

from speql_engines import DuckDBEngine


async def test_functions_have_their_parameters() -> None:
    engine = await DuckDBEngine.open(None, writable=True)
    try:
        found = await engine.functions()
        assert len(found) > 1_000
        assert await engine.functions() is found
        (substring, longer) = (one for one in found if one.name == "substring")
        assert [(one.name, one.type) for one in substring.parameters] == [("string", "VARCHAR"), ("start", "BIGINT")]
        assert [one.name for one in longer.parameters] == ["string", "start", "length"]
        assert (longer.returns, longer.kind, longer.variadic) == ("VARCHAR", "scalar", False)
        assert "substring" in longer.example
        (concat,) = (one for one in found if one.name == "concat")
        assert concat.variadic
        rounds = [one for one in found if one.name == "round"]
        assert [[parameter.type for parameter in one.parameters] for one in rounds] == [[""], ["", "INTEGER"]]
        await engine.submit("CREATE MACRO twice(x) AS x * 2")
        (twice,) = (one for one in await engine.functions() if one.name == "twice")
        assert ([one.name for one in twice.parameters], twice.kind) == (["x"], "macro")
    finally:
        await engine.close()
