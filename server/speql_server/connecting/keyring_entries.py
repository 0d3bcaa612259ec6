"""The keyring of the user's system: keys of language models by hosts, passwords of connections by names."""

from typing import TYPE_CHECKING

from speql_sql import SpeqlError
from speql_sql.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable

SERVICE = "speql"
"""The service under which the keyring has what is SpeQL's. The entry of a language model's key is the endpoint's host,
that of a connection's password `connection_entry`."""


class KeyringError(SpeqlError):
    """The keyring cannot be used, or not now."""


class KeyringEntries:
    """What the keyring has for SpeQL. Blocks: a keyring that is locked asks the user for its password."""

    def read(self, entry: str) -> Secret | None:
        """The secret of an entry; None if there is none. Raises `KeyringError`."""
        import keyring  # takes a while, and most never need it

        text = _asked(lambda: keyring.get_password(SERVICE, entry))
        return Secret(text) if text else None

    def write(self, entry: str, secret: Secret) -> None:
        """Keep a secret; raises `KeyringError`."""
        import keyring

        _asked(lambda: keyring.set_password(SERVICE, entry, secret.reveal()))

    def remove(self, entry: str) -> None:
        """Forget a secret; that there is none is no error. Raises `KeyringError`."""
        import keyring

        if _asked(lambda: keyring.get_password(SERVICE, entry)) is not None:
            _asked(lambda: keyring.delete_password(SERVICE, entry))

    def problem(self) -> str:
        """Why this machine has no keyring; empty if it has one. Nobody is asked for anything."""
        import keyring
        from keyring.backends import fail, null

        return _NONE if isinstance(keyring.get_keyring(), fail.Keyring | null.Keyring) else ""


def connection_entry(name: str) -> str:
    """The entry of a connection's password, which is no host's.

    >>> connection_entry("sales")
    'connection/sales'
    """
    return f"connection/{name}"


_NONE = "This machine has no keyring that can keep a secret."


def _asked(work: "Callable[[], str | None]") -> str | None:
    from keyring.errors import KeyringError as BackendError
    from keyring.errors import NoKeyringError

    try:
        return work()
    except NoKeyringError:
        raise KeyringError(_NONE) from None
    except (BackendError, OSError, RuntimeError) as error:
        # Not the words of the backend: nobody has promised that they hold no secret.
        raise KeyringError(f"The keyring could not be used: {type(error).__name__}.", "Is it locked?") from None
