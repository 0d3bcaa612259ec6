"""What an engine logs in with."""

import threading
from hmac import compare_digest

from speql_engines.adapters import AskSecret
from speql_sql.secret import Secret


class Login:
    """The secret of one connection: asked for at the first login and kept in memory for the others. Blocks.

    Who owns it may have to be asked (a keyring that is locked), so it is asked by one thread at a time, and again only
    where the server has refused what was known: passwords are changed, and tokens hold for minutes.
    """

    def __init__(self, ask: AskSecret | None = None) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._known: Secret | None = None

    def secret(self) -> Secret | None:
        """The password or token; None where the driver has to know."""
        with self._lock:
            if self._known is None and self._ask is not None:
                self._known = self._ask()
            return self._known

    def renewed(self, refused: Secret | None) -> Secret | None:
        """Another one than the server has ``refused``; None if there is none."""
        if self._ask is None:
            return None
        with self._lock:
            if self._known is refused:  # else another thread has asked already
                self._known = None
                self._known = self._ask()
            found = self._known
        return found if found is not None and not _same(found, refused) else None


def _same(left: Secret, right: Secret | None) -> bool:
    return right is not None and compare_digest(left.reveal().encode(), right.reveal().encode())
