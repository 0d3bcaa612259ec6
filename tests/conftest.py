"""For all tests: nothing is kept in the directories of whoever runs them."""

import shutil
import signal
import tomllib
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import hypothesis
import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail
from tests import postgres_cluster
from tests.engines import bigquery_stand_in, redshift_stand_in, snowflake_stand_in, sqlserver_stand_in
from tests.engines import spark_server as spark

# No test is about time: a busy machine is slow.
hypothesis.settings.register_profile("speql", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("speql")


@pytest.fixture(scope="session", autouse=True)
def data_directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPEQL_DATA_DIR", str(tmp_path_factory.mktemp("speql-data")))
        patch.setenv("SPEQL_CACHE_DIR", str(tmp_path_factory.mktemp("speql-cache")))
        patch.setenv("SPEQL_CONFIG_DIR", str(tmp_path_factory.mktemp("speql-config")))
        patch.setenv("SNOWFLAKE_HOME", str(tmp_path_factory.mktemp("snowflake")))
        yield


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> Iterator[None]:
    """What a shell starts in its background ignores SIGINT, and so would every process that a test starts."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A PostgreSQL server of these tests' own; tests that need one are skipped where it is not installed."""
    if postgres_cluster.binaries() is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    with postgres_cluster.cluster() as server:
        yield server


@pytest.fixture
def postgres_database(postgres_server: str) -> Iterator[Callable[[], str]]:
    """Makes empty databases, each given as a URL, which are gone after the test."""
    psycopg = pytest.importorskip("psycopg")
    made: list[str] = []

    def make() -> str:
        name = f"test_{uuid.uuid4().hex}"
        with psycopg.connect(f"{postgres_server} dbname=postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        made.append(name)
        host = postgres_server.split()[0].removeprefix("host=")
        return f"postgresql://speql@/{name}?host={host}"

    yield make
    with psycopg.connect(f"{postgres_server} dbname=postgres", autocommit=True) as connection:
        for name in made:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


TEMPLATE = Path(__file__).parents[1] / "docs" / "adapter"


@pytest.fixture
def template_database(
    postgres_database: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], str]:
    """Makes empty databases that the template of an adapter opens, as if its package were installed."""
    project = tomllib.loads((TEMPLATE / "pyproject.toml").read_text("utf-8"))["project"]
    information = tmp_path / "installed" / "template-0.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: 0\n")
    points = [f"{scheme} = {place}" for scheme, place in project["entry-points"]["speql.engines"].items()]
    (information / "entry_points.txt").write_text("\n".join(["[speql.engines]", *points]))
    monkeypatch.syspath_prepend(tmp_path / "installed")
    monkeypatch.syspath_prepend(TEMPLATE)
    return lambda: "elephant" + postgres_database().removeprefix("postgresql")


@dataclass(frozen=True)
class PostgresLogin:
    """A user of a database who is asked for a password; ``url`` is without it."""

    url: str
    user: str
    password: str
    run: Callable[[str], object]
    """Run a statement as the owner of the server."""


@pytest.fixture
def postgres_login(postgres_server: str, postgres_database: Callable[[], str]) -> Iterator[PostgresLogin]:
    """An empty database, and a user who needs a password there."""
    psycopg = pytest.importorskip("psycopg")
    user, password = f"ann_{uuid.uuid4().hex[:12]}", f"p@ss w\u00f6rd/{uuid.uuid4().hex}"
    url = postgres_database().replace("//speql@", f"//{user}@")
    with psycopg.connect(f"{postgres_server} dbname=postgres", autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = 'asked'").fetchone() is None:
            connection.execute("CREATE ROLE asked")
        connection.execute(f"CREATE ROLE {user} LOGIN PASSWORD '{password}' IN ROLE asked")
        yield PostgresLogin(url, user, password, connection.execute)
        connection.execute(f"DROP OWNED BY {user}")
        connection.execute(f"DROP ROLE {user}")


class MemoryKeyring(KeyringBackend):
    """A keyring in memory."""

    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.entries: dict[tuple[str, str], str] = {}
        self.asked = 0

    def get_password(self, service: str, username: str) -> str | None:
        self.asked += 1
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.entries[service, username]


@pytest.fixture
def memory_keyring() -> Iterator[MemoryKeyring]:
    """The keyring of this process, which is nobody's own."""
    before, made = keyring.get_keyring(), MemoryKeyring()
    keyring.set_keyring(made)
    yield made
    keyring.set_keyring(before)


@pytest.fixture
def no_keyring() -> Iterator[None]:
    """A machine without a keyring."""
    before = keyring.get_keyring()
    keyring.set_keyring(fail.Keyring())
    yield
    keyring.set_keyring(before)


@pytest.fixture(scope="session")
def snowflake_server() -> Iterator[tuple[snowflake_stand_in.StandIn, int]]:
    """The stand-in for Snowflake; tests that need it are skipped where it is not installed."""
    pytest.importorskip("snowflake.connector", reason="The driver is not installed: pip install 'speql[snowflake]'")
    if not snowflake_stand_in.PROGRAM.exists():
        pytest.skip("fakesnow, the stand-in for Snowflake, is not installed: make test-engines")
    with snowflake_stand_in.stand_in() as found:
        yield found


@pytest.fixture
def snowflake_database(
    snowflake_server: tuple[snowflake_stand_in.StandIn, int], monkeypatch: pytest.MonkeyPatch
) -> Callable[[], str]:
    """Names empty databases of the stand-in."""
    monkeypatch.setenv("SNOWFLAKE_PASSWORD", "not looked at by the stand-in")
    _, port = snowflake_server

    def name() -> str:
        at = f"warehouse=COMPUTE_WH&host=127.0.0.1&port={port}&protocol=http"
        return f"snowflake://ann@stand-in/T_{uuid.uuid4().hex.upper()}/PUBLIC?{at}"

    return name


@pytest.fixture(scope="session")
def bigquery_server() -> Iterator[tuple[bigquery_stand_in.StandIn, int]]:
    """The stand-in for BigQuery; tests that need it are skipped where it is not installed."""
    pytest.importorskip("google.cloud.bigquery", reason="The client is not installed: pip install 'speql[bigquery]'")
    if not bigquery_stand_in.PROGRAM.exists():
        pytest.skip("bqemulator, the stand-in for BigQuery, is not installed: make test-engines")
    with bigquery_stand_in.stand_in() as found:
        yield found


@pytest.fixture
def bigquery_database(
    bigquery_server: tuple[bigquery_stand_in.StandIn, int], monkeypatch: pytest.MonkeyPatch
) -> Callable[[], str]:
    """Makes empty datasets of the stand-in, each in a project of its own."""
    state, port = bigquery_server
    monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", f"http://127.0.0.1:{port}")

    def make() -> str:
        project = f"test-{uuid.uuid4().hex}"
        bigquery_stand_in.make_dataset(state, project, "shop")
        return f"bigquery://{project}/shop"

    return make


@pytest.fixture(scope="session")
def redshift_server(postgres_server: str) -> Iterator[int]:
    """The stand-in for Redshift; tests that need it are skipped where PostgreSQL or the driver is not installed."""
    pytest.importorskip("redshift_connector", reason="The driver is not installed: pip install 'speql[redshift]'")
    with redshift_stand_in.stand_in(postgres_server.split()[0].removeprefix("host=")) as port:
        yield port


@pytest.fixture
def redshift_database(
    redshift_server: int, postgres_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> Callable[[], str]:
    """Makes empty databases of the stand-in."""
    monkeypatch.setenv("REDSHIFT_PASSWORD", "not asked for by the stand-in")
    # Of what the stand-in is asked, nothing else changes anything: the ten seconds need not be waited for.
    monkeypatch.setattr("speql_engines.timed_version.BELIEVED_SECONDS", float("inf"))

    def make() -> str:
        name = postgres_database().partition("?")[0].rpartition("/")[2]
        return f"redshift://speql@127.0.0.1:{redshift_server}/{name}?ssl=false"

    return make


@pytest.fixture
def sqlserver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., tuple[str, sqlserver_stand_in.StandInServer]]]:
    """Makes stand-ins for servers, each with the URL of its database; skipped where the driver is not installed."""
    pytest.importorskip("mssql_python", reason="The driver is not installed: pip install 'speql[sqlserver]'")
    with sqlserver_stand_in.stand_in(monkeypatch) as make:
        yield make


@pytest.fixture
def sqlserver_database(
    sqlserver: Callable[..., tuple[str, sqlserver_stand_in.StandInServer]], monkeypatch: pytest.MonkeyPatch
) -> Callable[[], str]:
    """Makes empty databases of stand-ins."""
    # Of what the stand-in is asked, nothing else changes anything: the ten seconds need not be waited for.
    monkeypatch.setattr("speql_engines.timed_version.BELIEVED_SECONDS", float("inf"))
    return lambda: sqlserver()[0]


@pytest.fixture(scope="session")
def spark_server() -> Iterator[str]:
    """A Spark Connect server of these tests' own; tests that need one are skipped where it is not installed."""
    pytest.importorskip("pyspark", reason="The driver is not installed: pip install 'speql[spark]'")
    home = spark.spark_home()
    if home is None or shutil.which("java") is None:
        pytest.skip("Spark is not installed: make test-engines, which needs Java 17")
    with spark.spark_server(home) as server:
        yield server


@pytest.fixture
def spark_database(spark_server: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """Names the server, whose catalog is empty then."""
    from speql_engines.spark.driver import DefaultChannelBuilder, SparkSession

    # Of this server nothing else changes anything: the ten seconds need not be waited for.
    monkeypatch.setattr("speql_engines.timed_version.BELIEVED_SECONDS", float("inf"))

    def emptied() -> str:
        session = SparkSession(DefaultChannelBuilder(spark_server))
        spark.empty_catalog(session)
        session.client.release_session()
        session.client.close()
        return spark_server

    return emptied
