"""What can watch a run of the demo."""

from typing import Protocol

from speql_server.cli.demo.demo_query import DemoQuery
from speql_server.cli.demo.report import DemoReport
from speql_server.protocol import Jobs, Preview


class Watcher(Protocol):
    """Shows a run of the demo. Used as a context manager: leaving it restores the terminal, whatever happened."""

    def __enter__(self) -> "Watcher":
        """Take the terminal."""
        ...

    def __exit__(self, *exception: object) -> None:
        """Give the terminal back."""
        ...

    def loading(self, label: str, share: float) -> None:
        """The data is being loaded; ``share`` is 0 to 1."""
        ...

    def started(self, query: DemoQuery, database: str) -> None:
        """Typing begins."""
        ...

    def typed(self, text: str, version: int) -> None:
        """One more keystroke made ``text``, which previews name by its ``version``."""
        ...

    def previewed(self, preview: Preview) -> None:
        """A ``speql/preview`` message arrived."""
        ...

    def jobs_changed(self, jobs: Jobs) -> None:
        """A ``speql/jobs`` message arrived."""
        ...

    def said(self, message: str) -> None:
        """One sentence on what happens now."""
        ...

    def submitted(self, text: str) -> None:
        """The finished text was submitted."""
        ...

    def finished(self, report: DemoReport) -> None:
        """The run is over."""
        ...
