"""The password of a connection: where it is looked for, and that it is shown nowhere."""

import pytest
from tests.conftest import MemoryKeyring

from speql_engines import ConnectionFailedError
from speql_server.connecting.given_password import GivenPassword
from speql_server.connecting.keyring_entries import KeyringEntries, KeyringError, connection_entry
from speql_server.connecting.password import ConnectionPassword, password_variable
from speql_server.connecting.profile import ConnectionProfile
from speql_sql.secret import Secret

VARIABLE = {"SPEQL_PASSWORD_MY_SHOP": "from-variable"}


def revealed(secret: Secret | None) -> str | None:
    return secret.reveal() if secret is not None else None


def test_the_variable_comes_before_the_keyring(memory_keyring: MemoryKeyring) -> None:
    KeyringEntries().write(connection_entry("my-shop"), Secret("from-keyring"))
    memory_keyring.asked = 0
    assert password_variable("my-shop") == next(iter(VARIABLE))
    assert revealed(ConnectionPassword("my-shop", True, VARIABLE)()) == "from-variable"
    assert memory_keyring.asked == 0
    assert revealed(ConnectionPassword("my-shop", True, {})()) == "from-keyring"
    assert memory_keyring.asked == 1
    assert ConnectionPassword("my-shop", False, {})() is None, "the keyring is asked only where the profile says so"
    assert memory_keyring.asked == 1


def test_an_entry_that_is_gone_is_told(memory_keyring: MemoryKeyring) -> None:
    with pytest.raises(ConnectionFailedError, match="no password for shop") as raised:
        ConnectionPassword("shop", True, {})()
    assert raised.value.reason == "login"
    assert "SPEQL_PASSWORD_SHOP" in raised.value.hint
    assert "connections add shop --replace" in raised.value.hint


@pytest.mark.usefixtures("no_keyring")
def test_a_machine_without_a_keyring_is_told_what_else_there_is() -> None:
    assert "no keyring" in KeyringEntries().problem()
    with pytest.raises(ConnectionFailedError, match="no keyring") as raised:
        ConnectionPassword("shop", True, {})()
    assert "SPEQL_PASSWORD_SHOP" in raised.value.hint
    with pytest.raises(KeyringError, match="no keyring"):
        KeyringEntries().write("x", Secret("hunter2"))


def test_what_a_keyring_says_is_not_repeated(memory_keyring: MemoryKeyring, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> str:
        raise RuntimeError("hunter2 is locked")

    monkeypatch.setattr(memory_keyring, "get_password", refused)
    with pytest.raises(KeyringError, match="RuntimeError") as raised:
        KeyringEntries().read("x")
    assert "hunter2" not in str(raised.value)
    assert "locked" in raised.value.hint


def test_removing_what_is_not_there_is_no_error(memory_keyring: MemoryKeyring) -> None:
    KeyringEntries().remove("x")
    KeyringEntries().write("x", Secret("y"))
    KeyringEntries().remove("x")
    assert not memory_keyring.entries


def test_equal_profiles_share_a_connection_and_show_no_secret() -> None:
    def profile(password: str) -> ConnectionProfile:
        return ConnectionProfile("dbt.a.b", "postgresql://db/x", secret=GivenPassword(password, "profiles.yml"))

    assert profile("hunter2") == profile("hunter2")
    assert hash(profile("hunter2")) == hash(profile("hunter2"))
    assert profile("hunter2") != profile("hunter3")
    assert GivenPassword("a", "x") != ConnectionPassword("a")
    assert "hunter" not in f"{profile('hunter2')!r} {GivenPassword('hunter2', 'x')!r} {profile('hunter2').secret}"
    assert "hunter" not in GivenPassword("hunter2", "x").advice


@pytest.mark.parametrize(
    ("password", "source", "advice"),
    [
        (ConnectionPassword("my-shop", True, VARIABLE), "environment variable SPEQL_PASSWORD_MY_SHOP", "variable"),
        (ConnectionPassword("my-shop", True, {}), "keyring", "connections add my-shop --replace"),
        (ConnectionPassword("my-shop", False, {}), "", "No password is kept"),
    ],
)
def test_where_it_is_can_be_told(password: ConnectionPassword, source: str, advice: str) -> None:
    assert password.source == source
    assert advice in password.advice
    assert "from-variable" not in f"{password!r} {password.advice}"
