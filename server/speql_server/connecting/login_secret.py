"""Where the password or token of a connection comes from."""

from typing import Protocol

from speql_sql.secret import Secret


class LoginSecret(Protocol):
    """Asked by an engine at its login, on a thread. Equal ones are the same, so that a connection stays open."""

    def __call__(self) -> Secret | None:
        """The secret; None leaves it to the driver. Raises :class:`~speql_engines.ConnectionFailedError`."""
        ...

    @property
    def source(self) -> str:
        """Where it is, in words; empty if nowhere. Nobody is asked."""
        ...

    @property
    def advice(self) -> str:
        """Where it comes from and how it is changed, to tell when the server has refused it; it holds no secret."""
        ...
