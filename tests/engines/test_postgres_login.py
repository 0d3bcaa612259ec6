"""Logging in to PostgreSQL: where the password comes from, what is said when it is refused, and what never is."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import pytest
from tests.conftest import PostgresLogin

from speql_engines import ConnectionFailedError, EngineError, open_engine
from speql_engines.adapters import OpenOptions
from speql_engines.login import Login
from speql_sql.secret import Secret

psycopg = pytest.importorskip("psycopg")


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """No password of whoever runs the tests."""
    monkeypatch.delenv("PGPASSWORD", raising=False)
    monkeypatch.setenv("PGPASSFILE", str(tmp_path / "pgpass"))


async def test_the_secret_is_asked_for_once_for_all_sessions(postgres_login: PostgresLogin) -> None:
    asked: list[Secret] = []

    def ask() -> Secret:
        asked.append(Secret(postgres_login.password))
        return asked[-1]

    engine = await open_engine(postgres_login.url, secret=ask)
    try:
        await asyncio.gather(*(engine.execute(f"SELECT {n}, current_user") for n in range(5)))
        assert (await engine.execute("SELECT current_user AS u")).rows.to_pydict() == {"u": [postgres_login.user]}
    finally:
        await engine.close()
    assert len(asked) == 1


async def test_a_password_that_was_changed_is_asked_for_again(postgres_login: PostgresLogin) -> None:
    known = {"password": postgres_login.password}
    engine = await open_engine(postgres_login.url, secret=lambda: Secret(known["password"]))
    try:
        await engine.execute("SELECT 1")
        postgres_login.run(f"ALTER ROLE {postgres_login.user} PASSWORD 'another'")
        known["password"] = "another"
        ended = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{postgres_login.user}'"
        postgres_login.run(ended)
        assert (await engine.execute("SELECT 2 AS a")).rows.to_pydict() == {"a": [2]}
    finally:
        await engine.close()


async def test_the_drivers_own_password_counts_where_there_is_no_other(
    postgres_login: PostgresLogin, tmp_path: Any
) -> None:
    escaped = postgres_login.password.replace("\\", "\\\\").replace(":", "\\:")
    file = tmp_path / "pgpass"
    file.write_text(f"*:*:*:{postgres_login.user}:{escaped}\n", encoding="utf-8")
    file.chmod(0o600)
    engine = await open_engine(postgres_login.url, secret=lambda: None)
    try:
        assert (await engine.execute("SELECT 1 AS a")).rows.to_pydict() == {"a": [1]}
    finally:
        await engine.close()


@pytest.mark.parametrize("ask", [None, lambda: None, lambda: Secret("wrong-hunter2")], ids=["none", "driver", "wrong"])
async def test_a_refused_login_says_so_and_no_secret(
    postgres_login: PostgresLogin, ask: Callable[[], Secret | None] | None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(ConnectionFailedError) as raised:
        await open_engine(postgres_login.url, secret=ask)
    assert raised.value.reason == "login"
    assert "password" in raised.value.hint
    assert "hunter2" not in f"{raised.value!r} {raised.value.__cause__!r} {caplog.text}"


async def test_a_user_that_holds_no_longer_is_refused_as_one_with_a_wrong_password(
    postgres_login: PostgresLogin,
) -> None:
    postgres_login.run(f"ALTER ROLE {postgres_login.user} VALID UNTIL '2001-01-01'")
    with pytest.raises(ConnectionFailedError, match="wrong") as raised:
        await open_engine(postgres_login.url, secret=lambda: Secret(postgres_login.password))
    assert raised.value.reason == "login"


@pytest.mark.parametrize(
    ("url", "reason", "says"),
    [
        ("postgresql://ann@no-such-host.invalid/x", "network", "not known"),
        ("postgresql://ann@127.0.0.1:1/x", "network", "server running"),
        ("postgresql:///x?host=/no/such/folder", "network", "socket"),
        ("postgresql://ann:hunter2@127.0.0.1/x", "other", "connections add"),
        ("postgresql://ann@127.0.0.1:port/x", "other", "settings"),
    ],
)
async def test_what_keeps_from_the_server_is_told_apart(url: str, reason: str, says: str) -> None:
    with pytest.raises(ConnectionFailedError) as raised:
        await open_engine(url)
    assert raised.value.reason == reason
    assert says in raised.value.hint
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ('FATAL:  PAM authentication failed for user "ann"', "expired"),
        ("FATAL:  The access token has expired", "expired"),
        ("connection timeout expired", "network"),
        ("could not send data: No route to host", "network"),
        ('FATAL:  role "ann" does not exist', "login"),
        ('FATAL:  database "x" does not exist', "other"),
        ("FATAL:  etwas anderes", "other"),
    ],
)
def test_words_of_servers_that_are_not_here(words: str, reason: str) -> None:
    from speql_engines.postgres.errors import connection_failed

    failed = connection_failed(psycopg.OperationalError(f"connection failed: {words}"))
    assert failed.reason == reason
    assert failed.hint


def test_options_do_not_show_where_a_secret_is() -> None:
    assert "secret" not in repr(OpenOptions(secret=lambda: Secret("hunter2")))


def test_another_secret_is_given_only_if_there_is_one() -> None:
    found = iter([Secret("one"), Secret("one"), Secret("two")])
    login = Login(lambda: next(found))
    first = login.secret()
    assert login.secret() is first
    assert login.renewed(first) is None
    again = login.renewed(login.secret())
    assert again is not None
    assert again.reveal() == "two"
    assert login.renewed(first) is again, "another thread has asked meanwhile"
    assert Login(None).secret() is None
    assert Login(None).renewed(None) is None


async def test_who_may_make_no_temporary_tables_is_told(postgres_login: PostgresLogin) -> None:
    database = postgres_login.url.partition("@/")[2].partition("?")[0]
    postgres_login.run(f"REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC")
    engine = await open_engine(postgres_login.url, secret=lambda: Secret(postgres_login.password))
    try:
        with pytest.raises(EngineError, match="no temporary tables"):
            await engine.create_temp_table("speql_a", "SELECT 1 AS a")
        assert (await engine.execute("SELECT 1 AS a")).rows.to_pydict() == {"a": [1]}
    finally:
        await engine.close()
