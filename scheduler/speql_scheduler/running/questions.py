"""The questions that previews and submits ask, each analysed once."""

from collections import OrderedDict
from dataclasses import replace

from sqlglot import exp

from speql_scheduler.matching.proved import written_alike
from speql_scheduler.running.analysis import Analysis
from speql_scheduler.running.question import Question, ask, asked_again
from speql_scheduler.running.settings import SchedulerSettings
from speql_scheduler.running.speculation import Speculation
from speql_sql import Catalog, Problem
from speql_sql.faithful import why_unfaithful
from speql_sql.outer_limit import outer_limit, split_limit

REMEMBERED = 8


class Questions:
    """Analyses queries off the event loop, and remembers the last few: most keystrokes leave the query as it was, and
    a submit follows the preview of its text.
    """

    def __init__(self, analysis: Analysis, settings: SchedulerSettings) -> None:
        self._analysis = analysis
        self._settings = settings
        self._limited: dict[str, Question] = {}
        self._asked: OrderedDict[tuple[str, int, str], Question] = OrderedDict()

    async def of_preview(self, speculation: Speculation) -> Question | None:
        """The preview as a question; None if there is none."""
        if speculation.preview is None:
            return None
        sql = speculation.sql if speculation.previews_all else None
        question = await self.of(sql, speculation.preview, speculation.catalog)
        if sql is None and (lost := await self._analysis.run(_lost_in_writing, speculation)):
            return replace(question, refusals=(*question.refusals, lost))
        return question

    async def of(self, sql: str | None, query: exp.Query, catalog: Catalog) -> Question:
        """A query as a question; ``sql`` is its text, None to write it from the tree.

        :class:`AnalysisError` if it cannot be analysed.
        """
        # A part of a text has no text that is its own, but its tree stays the same while the text does; the question
        # holds the tree, so its identity is not given away.
        key = (sql or "", 0 if sql is not None else id(query), catalog.version)
        if key not in self._asked:
            like = self.known(sql, query, catalog)
            self._asked[key] = (
                await self._analysis.run(asked_again, like, sql or "", outer_limit(query) or 0)
                if like is not None
                else await self._analysis.run(ask, sql, query, catalog, self._settings.allowed_paths)
            )
            if sql is not None and (split := split_limit(sql)) is not None and outer_limit(query) == split[1]:
                self._limited = {split[0]: self._asked[key]}  # the last one is enough: its number is being typed
            if len(self._asked) > REMEMBERED:
                self._asked.popitem(last=False)
        self._asked.move_to_end(key)
        return self._asked[key]

    def known(self, sql: str | None, query: exp.Query, catalog: Catalog) -> Question | None:
        """A question that was asked before and differs from this one in no more than the number of its outer LIMIT."""
        split = split_limit(sql) if sql is not None else None
        if split is None or outer_limit(query) != split[1]:
            return None
        found = self._limited.get(split[0])
        return found if found is not None and found.catalog is catalog and found.limit is not None else None


def _lost_in_writing(speculation: Speculation) -> Problem | None:
    """Why a part of the text is not previewed: it would be written from its tree, which says something else."""
    dialect = speculation.catalog.dialect
    lost = "" if written_alike(dialect) else why_unfaithful(speculation.sql, speculation.query, dialect)
    return Problem("not-faithful", f"This part is not previewed: {lost}.", severity="information") if lost else None
