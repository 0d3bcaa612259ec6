"""The demo as live panels in the terminal."""

import time
from contextlib import suppress

from rich.console import Console, Group, RenderableType
from rich.layout import Layout
from rich.live import Live
from rich.markup import escape
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from speql_server.cli.demo.dataset import DESCRIPTION, SHORT_DESCRIPTION
from speql_server.cli.demo.demo_query import DemoQuery
from speql_server.cli.demo.report import DemoReport
from speql_server.cli.demo.wording import (
    JOB_GLYPHS,
    JOB_STYLES,
    STATE_GLYPHS,
    STATE_STYLES,
    count,
    milliseconds,
    preview_facts,
    report_lines,
    size,
)
from speql_server.protocol import Cell, Edit, Jobs, Preview

_REFRESHES_PER_SECOND = 15
_STALE_AFTER_SECONDS = 0.15
_THEME = "ansi_dark"


class LiveScreen:
    """Four panels over the whole terminal: typed text, repaired query, preview, jobs. The summary stays on leaving."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console()
        self._title = "SpeQL"
        self._text = ""
        self._texts: dict[int, str] = {}
        self._behind_since: float | None = None
        self._given_back = False
        self._message = ""
        self._progress: tuple[str, float] | None = None
        self._preview: Preview | None = None
        self._rows: Preview | None = None
        self._jobs = Jobs(uri="")
        # Made last: rich renders at once to know the size.
        self._live = Live(
            console=self._console, screen=True, refresh_per_second=_REFRESHES_PER_SECOND, get_renderable=self._render
        )

    def __enter__(self) -> "LiveScreen":
        try:
            self._live.__enter__()
        except BaseException:  # Ctrl-C while the screen is being taken: `with` would not give it back
            self._give_back()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        self._give_back()

    def _give_back(self) -> None:
        """Leave the full screen with the cursor visible, however far taking it had come. Once: it moves the cursor."""
        if self._given_back:
            return
        self._given_back = True
        with suppress(IndexError):  # rich takes back a hook that it had not set yet
            self._live.stop()
        self._console.set_alt_screen(False)
        self._console.show_cursor(True)

    def loading(self, label: str, share: float) -> None:
        """A progress bar in place of the panels."""
        self._progress = (label, share)
        self._live.refresh()

    def started(self, query: DemoQuery, database: str) -> None:
        """The panels appear."""
        self._progress = None
        self._title = f"SpeQL · {query.name}"
        self._message = " · ".join(filter(None, (query.question, database or SHORT_DESCRIPTION)))

    def typed(self, text: str, version: int) -> None:
        """The text with its cursor. A preview's repair is of the text of its own version, so all are kept."""
        self._text = text
        self._texts[version] = text
        if self._behind_since is None:
            self._behind_since = time.monotonic()

    def previewed(self, preview: Preview) -> None:
        """Rows are replaced only by rows: what the user is reading is never blanked."""
        self._preview = preview
        if preview.version >= max(self._texts, default=0):
            self._behind_since = None
        if preview.outcome == "rows":
            self._rows = preview

    def jobs_changed(self, jobs: Jobs) -> None:
        """The job graph."""
        self._jobs = jobs

    def said(self, message: str) -> None:
        """The footer."""
        self._message = message

    def submitted(self, text: str) -> None:
        """The footer says so."""
        self._message = "submitted"

    def finished(self, report: DemoReport) -> None:
        """Leave the full screen and print what should stay: the rows and the figures."""
        self._give_back()
        if self._rows is not None:
            self._console.print(self._preview_panel(self._rows, height=len(self._rows.rows) + 1))
        for line in report_lines(report):
            style = "red bold" if "DIFFER" in line else "green" if "rows equal" in line else ""
            self._console.print(Text(line, style=style))

    def _render(self) -> RenderableType:
        if self._progress is not None:
            label, share = self._progress
            bar = ProgressBar(total=1.0, completed=share, width=50)
            return Group(Text(DESCRIPTION, style="dim"), Text(), bar, Text(f"{share:4.0%} {label}", style="dim"))
        height = self._console.size.height
        job_lines = min(max(len(self._jobs.nodes), 1), max(height // 5, 3)) + 2
        text_lines = min(max(self._text.count("\n") + 4, 10), max(height // 2 - 2, 6)) + 2
        layout = Layout()
        layout.split_column(
            Layout(name="text", size=text_lines),
            Layout(name="preview", ratio=1, minimum_size=5),
            Layout(self._jobs_panel(job_lines - 2), name="jobs", size=job_lines),
            Layout(Text(f" {self._message}", style="dim", no_wrap=True, overflow="ellipsis"), size=1),
        )
        width = self._console.size.width // 2
        layout["text"].split_row(
            Layout(self._typed_panel(text_lines - 2, width - 4)),
            Layout(self._repaired_panel(text_lines - 2, width - 4)),
        )
        preview_lines = max(height - text_lines - job_lines - 1 - 2, 2)
        layout["preview"].update(self._preview_panel(self._rows, preview_lines))
        return layout

    def _typed_panel(self, lines: int, width: int) -> Panel:
        shown = Syntax("", "sql", theme=_THEME, background_color="default").highlight(self._text)
        shown.rstrip()
        if self._text.endswith((" ", "\n")):
            shown.append(self._text[len(self._text.rstrip()) :])
        shown.append(" ", style="reverse")
        return _panel(self._last_lines(shown, lines, width), self._title)

    def _repaired_panel(self, lines: int, width: int) -> Panel:
        preview = self._preview
        if preview is None or not preview.edits:
            return _panel(Text("the text runs as it is" if self._text else "", style="dim"), "repaired query")
        repaired = _diff(self._texts.get(preview.version, self._text), preview.edits)
        return _panel(self._last_lines(repaired, lines, width), f"repaired query · {count(len(preview.edits), 'edit')}")

    def _preview_panel(self, preview: Preview | None, height: int) -> Panel:
        if preview is None:
            reason = (
                self._preview.problems[0].message if self._preview and self._preview.problems else "nothing to run yet"
            )
            return _panel(Text(reason, style="dim"), "preview")
        late = self._behind_since is not None and time.monotonic() - self._behind_since > _STALE_AFTER_SECONDS
        states = ["stale"] if late else preview.states
        chips = " ".join(f"[{STATE_STYLES[state]}]{STATE_GLYPHS[state]} {state}[/]" for state in states)
        title = f"preview · {escape(' › '.join(preview.breadcrumb))} · {chips} · {preview_facts(preview)}"
        return _panel(_rows_table(preview, max(height - 1, 1)), title)

    def _last_lines(self, text: Text, lines: int, width: int) -> Text:
        """The end of a text that is longer than its panel."""
        wrapped = [
            line for one in text.split("\n", allow_blank=True) for line in one.wrap(self._console, width) or [one]
        ]
        return Text("\n").join(wrapped[-lines:])

    def _jobs_panel(self, lines: int) -> Panel:
        table = Table.grid(padding=(0, 2))
        for column in range(5):
            table.add_column(no_wrap=True, justify="right" if column in (2, 3, 4) else "left")
        nodes = self._jobs.nodes
        served = {edge.source for edge in self._jobs.edges if edge.kind == "served-by"}
        for node in nodes[-lines:]:
            style = JOB_STYLES.get(node.state, "dim")
            name = Text(f"{JOB_GLYPHS.get(node.state, ' ')} {node.label}", style=style)
            if node.key in served and node.kind == "create":
                name.append(" → preview", style="cyan")
            rows = "" if node.rows is None else count(node.rows, "row")
            table.add_row(name, Text(node.state, style=style), rows, size(node.bytes), milliseconds(node.milliseconds))
        return _panel(table if nodes else Text("none yet", style="dim"), "jobs")


def _panel(content: RenderableType, title: str) -> Panel:
    return Panel(content, title=title, title_align="left", border_style="dim", padding=(0, 1))


def _diff(typed: str, edits: list[Edit]) -> Text:
    """The typed text with the repair's edits in it: insertions underlined in green, removals struck through in red."""
    starts = [0]
    for line in typed.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    shown, position = Text(), 0
    for edit in edits:
        start = starts[edit.range.start.line] + edit.range.start.character
        end = starts[edit.range.end.line] + edit.range.end.character
        shown.append(typed[position:start])
        shown.append(typed[start:end], style="red strike")
        shown.append(edit.new_text, style="green underline")
        position = end
    return shown.append(typed[position:])


def _rows_table(preview: Preview, lines: int) -> Table:
    table = Table(box=None, pad_edge=False, expand=False, header_style="bold")
    for index, column in enumerate(preview.columns):
        numeric = any(isinstance(row[index], int | float) and not isinstance(row[index], bool) for row in preview.rows)
        table.add_column(escape(column.name), justify="right" if numeric else "left", no_wrap=True)
    for row in preview.rows[:lines]:
        table.add_row(*map(_cell, row))
    return table


def _cell(cell: Cell) -> Text:
    if cell is None:
        return Text("NULL", style="dim italic")
    return Text("''", style="dim") if cell == "" else Text(str(cell))
