"""For all tests: nothing is kept in the directories of whoever runs them."""

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def data_directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPEQL_DATA_DIR", str(tmp_path_factory.mktemp("speql-data")))
        patch.setenv("SPEQL_CACHE_DIR", str(tmp_path_factory.mktemp("speql-cache")))
        yield
