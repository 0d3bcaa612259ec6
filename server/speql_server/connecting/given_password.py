"""A password that another program's file has told."""

from hmac import compare_digest

from speql_sql.secret import Secret


class GivenPassword:
    """Kept in memory alone, for the engine's login. ``source`` is the file that it is from."""

    __slots__ = ("_secret", "source")

    def __init__(self, text: str, source: str) -> None:
        self._secret = Secret(text)
        self.source = source

    def __call__(self) -> Secret:
        """The password."""
        return self._secret

    @property
    def advice(self) -> str:
        """Where it comes from and how it is changed."""
        return f"The password was that of the {self.source}: change it there."

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, GivenPassword):
            return NotImplemented
        same = compare_digest(self._secret.reveal().encode(), other._secret.reveal().encode())
        return same and self.source == other.source

    def __hash__(self) -> int:
        return hash(self.source)

    def __repr__(self) -> str:
        return f"GivenPassword(..., {self.source!r})"
