"""What a run of the demo measured."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Submitted:
    """One submit against the direct run of the same text on the same engine. Times in milliseconds.

    ``submit_ms`` is from the request to the first page of rows; ``direct_ms`` is the median of ``direct_runs`` runs on
    base tables. ``difference`` is None if the rows are equal, else what differs; ``served_from`` is empty for base
    tables.
    """

    text: str
    submit_ms: float
    direct_ms: float
    direct_runs: int
    rows: int
    states: tuple[str, ...]
    served_from: tuple[str, ...]
    temp_only: bool
    executed_sql: str
    difference: str | None

    @property
    def rows_equal(self) -> bool:
        """Whether the rows served are those of the direct run."""
        return self.difference is None

    @property
    def ratio(self) -> float:
        """Submit latency over direct latency; below 1 is faster."""
        return self.submit_ms / self.direct_ms if self.direct_ms else 0.0


@dataclass(frozen=True, slots=True)
class DemoReport:
    """The whole run: what was typed and shown, what it cost, and the submits. ``edit`` is None if there was none.

    ``work_ratio`` is the engine time of all speculative jobs over one direct run.
    """

    query: str
    database: str
    engine: str
    speed: float
    keystrokes: int
    typing_seconds: float
    previews: int
    preview_ms_median: float | None
    jobs_done: int
    speculative_ms: float
    submit: Submitted
    edit: Submitted | None
    edit_description: str

    @property
    def rows_equal(self) -> bool:
        """Whether every submit served the rows of its direct run."""
        return self.submit.rows_equal and (self.edit is None or self.edit.rows_equal)

    @property
    def work_ratio(self) -> float:
        """Speculative engine time over the direct run's."""
        return self.speculative_ms / self.submit.direct_ms if self.submit.direct_ms else 0.0
