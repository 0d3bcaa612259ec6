"""Names of databases that are refused."""

from collections.abc import Callable

import pytest

from speql_engines import ConnectionFailedError


def check_refused(read: Callable[[], object], said: str) -> None:
    """Reading the name fails with what is wrong and what to do, and tells nothing of the secret (``hunter2``)."""
    with pytest.raises(ConnectionFailedError) as raised:
        read()

    assert said in raised.value.message
    assert raised.value.hint
    assert "hunter2" not in f"{raised.value.message} {raised.value.hint}"
