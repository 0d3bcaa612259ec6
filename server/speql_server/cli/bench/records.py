"""What a benchmark measures, as it is kept in its JSON lines."""

import msgspec

from speql_server.cli.bench.rhythm import HIDDEN_LINES

Protocol = str
"""``lines``, ``human`` or ``edits``."""


class SubmitRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One submit and its direct run. ``difference`` says how the rows differ, empty if they do not.

    ``moment`` is ``final``, ``honest`` (all but ORDER BY and LIMIT is there) or the kind of an edit. ``executed_ms``
    is the part of ``submit_ms`` that the engine took; ``uncompared`` says why the rows could not be compared.
    ``by_added`` says that temp tables served it that would not have without columns that were added to them.
    """

    moment: str
    submit_ms: float
    executed_ms: float
    direct_ms: float
    served: bool
    temp_only: bool
    cached: bool
    by_added: bool | None = None
    difference: str = ""
    uncompared: str = ""
    text: str = ""
    executed_sql: str = ""


class ReplayRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One query typed by one protocol. Times in milliseconds of the virtual clock, sizes in bytes.

    ``speculative_ms`` is how long the engine was busy with anything but submits, ``queries_ms`` how long of that with
    queries (temp tables, previews, samples) and not with planning and binding alone; ``after_submit_ms`` is what of
    that came after the last submit, ahead of an edit; ``direct_ms`` is what the submits take without speculation.
    ``work_over_time`` is how much of ``speculative_ms`` had been done after each twentieth of the time.
    ``previews_wrong`` are those of the ``previews_compared`` that showed a row which the direct run does not have.
    ``failure`` says what ended the replay early, ``commit`` which commit of SpeQL was measured.
    """

    query: str
    protocol: Protocol
    submits: list[SubmitRecord] = []
    keystrokes: int = 0
    analysis_ms: list[float] = []
    preview_ms: list[float] = []
    preview_direct_ms: list[float] = []
    previews_compared: int = 0
    previews_wrong: list[str] = []
    speculative_ms: float = 0.0
    queries_ms: float = 0.0
    after_submit_ms: float = 0.0
    work_over_time: list[float] = []
    busy_ms: dict[str, float] = {}
    calls: dict[str, int] = {}
    creates_timed_out: int = 0
    direct_ms: float = 0.0
    peak_bytes: int = 0
    typing_seconds: float = 0.0
    real_seconds: float = 0.0
    failure: str = ""
    commit: str = ""


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """What a run was made of; a run is only resumed if it is the same."""

    database: str
    engine: str
    slowdown: float
    threads: int
    rows: int
    direct_runs: int
    version: str
    hidden_lines: int = HIDDEN_LINES
    history: int = 0
