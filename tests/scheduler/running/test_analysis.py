"""Pure functions on a thread of their own."""

import logging

import pytest

from speql_scheduler.running.analysis import Analysis, AnalysisError


async def test_what_raises_is_logged_and_told() -> None:
    analysis = Analysis()
    assert await analysis.run(len, "abc") == 3
    with pytest.raises(AnalysisError, match="int"):
        await analysis.run(int, "abc")
    await analysis.close()


async def test_to_be_asked_when_it_is_closed_is_no_defect(caplog: pytest.LogCaptureFixture) -> None:
    analysis = Analysis()
    await analysis.close()
    with caplog.at_level(logging.DEBUG), pytest.raises(AnalysisError, match="closed"):
        await analysis.run(len, "abc")
    assert caplog.records == []
