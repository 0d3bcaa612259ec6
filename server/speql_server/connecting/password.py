"""The password of a connection of the user's own file: in the environment, or in the keyring."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from speql_server.connecting.keyring_entries import KeyringEntries, KeyringError, connection_entry
from speql_sql.secret import Secret

VARIABLES = "SPEQL_PASSWORD_"
"""So the variables with passwords begin; no other part of SpeQL reads them."""


def password_variable(name: str) -> str:
    """The environment variable for the password of a connection.

    >>> password_variable("my-shop.eu")
    'SPEQL_PASSWORD_MY_SHOP_EU'
    """
    return VARIABLES + re.sub(r"[^A-Z0-9]", "_", name.upper())


@dataclass(frozen=True, slots=True)
class ConnectionPassword:
    """Asked for at login. The keyring is looked into only if the connection's profile says that it has a password:
    one that is locked asks the user.
    """

    name: str
    in_keyring: bool = False
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False, compare=False)

    def __call__(self) -> Secret | None:
        """The variable's, else the keyring's; None if the driver is to know."""
        from speql_engines import ConnectionFailedError  # takes a second: not when a command line starts

        if text := self.environment.get(password_variable(self.name)):
            return Secret(text)
        if not self.in_keyring:
            return None
        try:
            found = KeyringEntries().read(connection_entry(self.name))
        except KeyringError as error:
            hint = f"{error.hint} Or set {password_variable(self.name)}, which is looked at first.".lstrip()
            raise ConnectionFailedError(f"{self.name}: {error.message}", hint, "login") from None
        if found is None:
            hint = f"{self._again} Or set {password_variable(self.name)}."
            raise ConnectionFailedError(f"The keyring has no password for {self.name}.", hint, "login")
        return found

    @property
    def source(self) -> str:
        """Where the password is, in words; the keyring is not asked."""
        if self.environment.get(password_variable(self.name)):
            return f"environment variable {password_variable(self.name)}"
        return "keyring" if self.in_keyring else ""

    @property
    def advice(self) -> str:
        """Where it comes from and how it is changed."""
        if source := self.source:
            change = "" if source.startswith("env") else f" {self._again}"
            return f"The password was that of the {source}.{change}"
        return f"No password is kept for {self.name}. {self._again} Or set {password_variable(self.name)}."

    @property
    def _again(self) -> str:
        return f"To keep another one: speql connections add {self.name} --replace."
