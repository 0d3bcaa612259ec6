"""dbt's profiles as connections: which can be opened, where they are looked for, what is never told."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from speql_server.connecting.dbt_profiles import dbt_connections
from speql_server.connecting.named_connection import NamedConnection
from speql_server.settings import ServerSettings
from speql_server.workspaces import Workspaces, root_of

PROFILES = """
shop:
  target: dev
  outputs:
    dev: {type: duckdb, path: dev.duckdb, threads: 4}
    absolute: {type: duckdb, path: /data/x.duckdb}
    memory: {type: duckdb}
    named: {type: duckdb, path: "{{ env_var('SHOP_DB') }}/s.duckdb"}
    defaulted: {type: duckdb, path: "{{ env_var('NOT_SET', 'default.duckdb') }}"}
    unset: {type: duckdb, path: "{{ env_var('NOT_SET') }}"}
    computed: {type: duckdb, path: "{{ target.name }}.duckdb"}
    cloud: {type: duckdb, path: "md:shop", token: hunter2}
    prod: {type: postgres, host: db, user: me, password: hunter2, port: 5433, dbname: "my shop", schema: marts}
    passed: {type: postgres, host: "{{ env_var('DBT_HOST') }}", user: a@b, pass: "{{ env_var('DBT_PW') }}", database: d}
    digits: {type: postgres, host: db, user: me, password: 123, dbname: d, connect_timeout: 5, keepalives_idle: 0}
    settings:
      {type: postgres, host: /run/pg, port: 5432, dbname: d, search_path: "a, b", role: boss, sslmode: require,
       sslrootcert: ca.pem}
    leaking: {type: postgres, host: db, user: me, password: "{{ env_var('OTHER') }}", dbname: d}
    homeless: {type: postgres, dbname: d, password: hunter2}
    nowhere: {type: postgres, host: db, password: hunter2}
    snow: {type: snowflake, account: a, password: hunter2}
    mystery: {type: oracle}
    wrong: 3
other:
  outputs: {dev: {type: duckdb, path: other.duckdb}}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "dbt_project.yml").write_text("name: shop\nprofile: shop\n", encoding="utf-8")
    (folder / "profiles.yml").write_text(PROFILES, encoding="utf-8")
    return folder


def found(root: Path, **environment: str) -> dict[str, NamedConnection]:
    connections, errors = dbt_connections(root, environment, root / "no-home")
    assert not errors
    return {one.name.removeprefix("dbt.shop."): one for one in connections}


@pytest.mark.parametrize("beside", [False, True])
def test_targets(project: Path, beside: bool) -> None:
    targets = found(project.parent if beside else project, SHOP_DB="/dbs")
    assert {name: one.database for name, one in targets.items() if not one.unavailable} == {
        "dev": str(project / "dev.duckdb"),
        "absolute": "/data/x.duckdb",
        "memory": None,
        "named": "/dbs/s.duckdb",
        "defaulted": str(project / "default.duckdb"),
        "prod": "postgresql://me@db:5433/my%20shop",
        "digits": "postgresql://me@db/d?connect_timeout=5",
        "settings": "postgresql:///d?host=%2Frun%2Fpg&port=5432&sslmode=require&sslrootcert="
        f"{quote(str(project / 'ca.pem'), safe='')}&options=-c%20search_path%3Da%2C%5C%20b%20-c%20role%3Dboss",
    }
    assert password(targets["prod"]) == "hunter2"
    assert password(targets["digits"]) == "123"
    assert targets["settings"].secret is None
    assert not any(one.writable for one in targets.values())


UNAVAILABLE = [
    ("unset", "only dbt knows"),
    ("computed", "only dbt knows"),
    ("cloud", "not on this machine"),
    ("passed", "only dbt knows"),
    ("leaking", "only variables DBT_... are read"),
    ("homeless", "no host"),
    ("nowhere", "no dbname"),
    ("mystery", "no adapter"),
    ("snow", "Move its profile to ~/.dbt/profiles.yml"),
]


@pytest.mark.parametrize(("target", "says"), UNAVAILABLE)
def test_what_cannot_be_opened_says_why_and_no_secret(project: Path, target: str, says: str) -> None:
    one = found(project, SHOP_DB="/dbs")[target]
    assert says in one.unavailable
    assert "hunter2" not in repr(one)


WAREHOUSES = """
shop:
  outputs:
    snow: {type: snowflake, account: a-b, user: ann@x, password: "{{ env_var('PW') }}", database: SHOP, schema: MARTS,
      warehouse: SMALL, role: READER, threads: 4}
    sso: {type: snowflake, account: a, user: ann, authenticator: externalbrowser, database: D}
    key: {type: snowflake, account: a, user: ann, private_key_path: /keys/k.p8, database: D, schema: S}
    token: {type: snowflake, account: a, authenticator: oauth, token: hunter2, database: D}
    homeless: {type: snowflake, account: a, password: hunter2}
    red: {type: redshift, host: c.example, port: 5439, user: ann, password: 123, dbname: dev, schema: marts}
    iam: {type: redshift, method: iam, cluster_id: shop, region: eu-west-1, iam_profile: me, user: ann, dbname: dev}
    other_iam: {type: redshift, method: hunter2!, dbname: dev}
    big: {type: bigquery, method: oauth, project: p, dataset: marts, location: EU, execution_project: payer}
    keyfile: {type: bigquery, method: service-account, project: p, dataset: d, keyfile: /keys/hunter2.json}
"""


def test_targets_of_warehouses_in_the_users_own_profiles(project: Path, tmp_path: Path) -> None:
    (project / "profiles.yml").unlink()
    home = tmp_path / "home"
    (home / ".dbt").mkdir(parents=True)
    (home / ".dbt" / "profiles.yml").write_text(WAREHOUSES, encoding="utf-8")
    connections, errors = dbt_connections(project, {"PW": "secret one"}, home)
    targets = {one.name.removeprefix("dbt.shop."): one for one in connections}
    assert not errors
    assert {name: one.database for name, one in targets.items() if not one.unavailable} == {
        "snow": "snowflake://ann%40x@a-b/SHOP/MARTS?warehouse=SMALL&role=READER",
        "sso": "snowflake://ann@a/D?authenticator=externalbrowser",
        "key": "snowflake://ann@a/D/S?private_key_file=%2Fkeys%2Fk.p8",
        "red": "redshift://ann@c.example:5439/dev",
        "iam": "redshift:///dev?iam=true&cluster_identifier=shop&region=eu-west-1&profile=me&db_user=ann",
        "big": "bigquery://p/marts?location=EU&billing_project=payer",
    }
    assert (password(targets["snow"]), password(targets["red"])) == ("secret one", "123")
    assert targets["iam"].secret is None
    refused = {name: one.unavailable for name, one in targets.items() if one.unavailable}
    assert "snowflake://NAME" in refused["token"]
    assert "no database" in refused["homeless"]
    assert "another method" in refused["other_iam"]
    assert "GOOGLE_APPLICATION_CREDENTIALS" in refused["keyfile"]
    assert "hunter2" not in repr(connections)
    assert "secret one" not in repr(connections)


def test_the_names_of_such_targets_are_understood() -> None:
    redshift = pytest.importorskip("speql_engines.redshift.location")
    snowflake = pytest.importorskip("speql_engines.snowflake.location")
    from speql_engines.bigquery.location import location_of

    made = redshift.location_of("redshift:///dev?iam=true&cluster_identifier=shop&region=eu-west-1&db_user=ann")
    assert made.arguments["db_user"] == "ann"
    made = snowflake.location_of("snowflake://ann%40x@a-b/SHOP/MARTS?warehouse=SMALL&role=READER", {})
    assert (made.arguments["user"], made.arguments["account"]) == ("ann@x", "a-b")
    assert location_of("bigquery://p/marts?location=EU&billing_project=payer").billing_project == "payer"


def password(one: NamedConnection) -> str:
    secret = one.secret() if one.secret is not None else None
    assert secret is not None
    return secret.reveal()


def test_a_projects_own_profiles_send_no_variable_to_a_server_that_is_not_dbts(project: Path, tmp_path: Path) -> None:
    one = found(project, DBT_HOST="db", DBT_PW="s3cret", OTHER="aws")["passed"]
    assert (one.database, password(one)) == ("postgresql://a%40b@db/d", "s3cret")
    assert "s3cret" not in repr(one)
    assert found(project, OTHER="aws")["leaking"].unavailable
    home = tmp_path / "home"
    (home / ".dbt").mkdir(parents=True)
    (project / "profiles.yml").rename(home / ".dbt" / "profiles.yml")
    connections, _ = dbt_connections(project, {"OTHER": "aws"}, home)
    assert password(next(one for one in connections if one.name == "dbt.shop.leaking")) == "aws"


def test_where_profiles_are_looked_for(project: Path, tmp_path: Path) -> None:
    home, named = tmp_path / "home", tmp_path / "named"
    for folder, path in ((home / ".dbt", "home.duckdb"), (named, "named.duckdb")):
        folder.mkdir(parents=True)
        text = f"shop: {{outputs: {{dev: {{type: duckdb, path: {path}}}}}}}"
        (folder / "profiles.yml").write_text(text, encoding="utf-8")

    def database(environment: dict[str, str]) -> str:
        connections, _ = dbt_connections(project, environment, home)
        return Path(connections[0].database or "").name

    assert database({"DBT_PROFILES_DIR": str(named)}) == "named.duckdb"
    assert database({}) == "dev.duckdb"
    (project / "profiles.yml").unlink()
    assert database({}) == "home.duckdb"


BAD: list[tuple[str, str]] = [
    ("a: [hunter2", "line 1"),
    ("!!python/object/apply:os.system ['touch hunter2']", "not YAML"),
    ("\t", "not YAML"),
]


@pytest.mark.parametrize(("text", "says"), BAD)
def test_what_cannot_be_read_is_told_without_being_quoted(project: Path, text: str, says: str) -> None:
    (project / "profiles.yml").write_text(text, encoding="utf-8")
    connections, errors = dbt_connections(project, {}, project)
    assert not connections
    assert [says in str(error) for error in errors] == [True]
    assert "hunter2" not in str(errors[0])


@pytest.mark.parametrize("text", ["", "3", "[]", "shop: 3", "shop: {outputs: [1]}", "shop: {outputs: {dev: null}}"])
def test_other_shapes_name_nothing(project: Path, text: str) -> None:
    (project / "profiles.yml").write_text(text, encoding="utf-8")
    assert dbt_connections(project, {}, project) == ((), ())


def test_a_folder_without_a_project_names_nothing(tmp_path: Path) -> None:
    (tmp_path / "profiles.yml").write_text(PROFILES, encoding="utf-8")
    assert dbt_connections(tmp_path, {}, tmp_path) == ((), ())


def workspaces(project: Path, options: Any = None) -> Workspaces:
    made, root = Workspaces(ServerSettings()), root_of(project.as_uri())
    made.initialize(options, [root])
    made.use_dbt(root, dbt_connections(project, {}, project)[0])
    return made


def test_documents_may_have_a_target(project: Path) -> None:
    uri = (project / "models" / "a.sql").as_uri()
    made = workspaces(project, {"connections": {"dbt.shop.dev": {"database": "/mine.duckdb"}}})
    assert made.profile(uri, "dbt.shop.absolute").database == "/data/x.duckdb"
    assert made.profile(uri, "dbt.shop.dev").database == "/mine.duckdb", "what the user names comes first"
    assert made.profile(uri, "dbt.shop.snow").unknown
    prod = made.profile(uri, "dbt.shop.prod")
    assert (prod.database, prod.writable, prod.secret is not None) == ("postgresql://me@db:5433/my%20shop", False, True)
    mine = workspaces(project, {"connections": {"dbt.shop.prod": {"database": "postgresql://elsewhere/x"}}})
    assert mine.profile(uri, "dbt.shop.prod").secret is None, "a password is for the server that it was given with"
    assert made.profile(uri).database is None, "none is chosen by itself"
