"""Which statements may hold a secret: those are never kept."""

import re

from speql_speculator.tokens import tokenize

_NAMES = re.compile(
    r"(?:^|_)(?:secret|secrets|password|passwd|passphrase|pwd|credential|credentials|api_?key|access_?key|access_?key_id"
    r"|secret_?key|private_?key|auth_?token|access_?token|session_?token|bearer_?token|client_?secret)(?:$|_)",
    re.IGNORECASE,
)
_IN_STRINGS = re.compile(
    r"(?:password|passwd|pwd|secret|token|api_?key|access_?key|credential)\w*\s*[=:]|://[^/\s:@']*:[^/\s@']+@"
    r"|-----BEGIN|\bBearer\s|AKIA[0-9A-Z]{12}",
    re.IGNORECASE,
)


def holds_a_secret(text: str, dialect: str = "duckdb") -> bool:
    """Whether a statement names a secret or has one in a string, as far as words tell: a doubt counts as a yes.

    ``CREATE SECRET``, ``ATTACH 'postgres://me:pw@host'``, ``SET s3_secret_access_key``, a column ``password`` compared
    with a string. Comments are looked at too.

    >>> holds_a_secret("ATTACH 'host=db password=x' AS pg (TYPE postgres)"), holds_a_secret("SELECT token_count FROM t")
    (True, False)
    """
    for token in tokenize(text, dialect, comments=True):
        if token.kind in ("word", "quoted"):
            if _NAMES.search(token.name):
                return True
        elif token.kind in ("string", "comment") and _IN_STRINGS.search(token.text):
            return True
    return False
