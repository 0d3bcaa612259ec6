"""A stretch of a host, and the SQL that stands for it."""

from dataclasses import dataclass
from typing import Literal

from speql_speculator.embedding.container import Container
from speql_sql import Span

Certainty = Literal["known", "assumed", "unknown"]
"""Whether what stands for a placeholder is what the host would put there: it would; it would by its usual rules, unless
something that is not seen here says otherwise; nobody knows.
"""

FragmentKind = Literal["verbatim", "escape", "removed", "mask"]


@dataclass(frozen=True, slots=True)
class Fragment:
    r"""A stretch of a host, and the SQL that stands for it.

    - ``verbatim``: the host's own text is the SQL.
    - ``escape``: the host says ``text`` in another way (``\n``); what is written in it anew says it again.
    - ``removed``: no SQL, and not for us to touch (a quote, a template's tag, a comment of the host's).
    - ``mask``: a placeholder whose value only the host knows. ``text`` is what stands for it; None leaves that to the
      words around it. ``meaning`` says in words what is read.
    """

    kind: FragmentKind
    host: Span
    text: str | None = ""
    container: Container | None = None
    certainty: Certainty = "unknown"
    meaning: str = ""
