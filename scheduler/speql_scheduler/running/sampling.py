"""A preview that would be late, answered from a sample of its largest table."""

import asyncio
import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from speql_engines import Engine, EngineError, Result, ResultColumn
from speql_engines.asked import asked_for
from speql_engines.engine import SAMPLE_UNIT
from speql_scheduler.matching.sample_estimates import SampleEstimates, sample_estimates
from speql_scheduler.matching.sampled_source import sampled_source
from speql_scheduler.running.analysis import Analysis, AnalysisError
from speql_scheduler.running.answer import Answer, Interval, SampleInfo
from speql_scheduler.running.answering import same_types
from speql_scheduler.running.engine_facts import EngineFacts
from speql_scheduler.running.question import Question
from speql_scheduler.running.settings import SchedulerSettings
from speql_sql import Problem, Table

logger = logging.getLogger(__name__)

NORMAL_95 = 1.959964
"""Standard errors on each side of a 95 % interval."""

ASKED_SECONDS = 1.0
"""What a sample may be expected to take that the user has asked for."""

ASKED_DEADLINE_SECONDS = 10.0
"""After that long it is given up."""

MOST_OVERRUN = 3.0
"""A sample is given up when it has taken so many times what it was meant to take."""

LEAST_DRAWN = 30
"""Groups made from fewer rows, or blocks of rows, than this in all are not worth showing."""


@dataclass(frozen=True)
class _Sample:
    """What to run: the estimates, the sampled table, and the columns that the user's own text has."""

    question: Question
    estimates: SampleEstimates
    table: Table

    @property
    def sql_name(self) -> str:
        parts = (self.table.database, self.table.schema, self.table.name)
        return ".".join('"' + part.replace('"', '""') + '"' for part in parts if part)


class Sampler:
    """Answers questions from a sample of the largest base table that they read.

    What it answers is an estimate, marked ``sample``: it is shown until the exact result is there, and is never kept,
    never submitted and never served in place of that. It answers nothing where an estimate would be wrong in kind (see
    :mod:`speql_scheduler.matching.sample_estimates`), where the sample would take about as long as the query, or where
    none of its rows are in the result.
    """

    def __init__(
        self,
        engine: Engine,
        analysis: Analysis,
        facts: EngineFacts,
        settings: SchedulerSettings,
        *,
        deadline_seconds: float = 0.7,
        deadline_share: float = 0.1,
        direct_share: float = 0.03,
        largest_fraction: float = 0.2,
        least_rows: int = 10_000,
        late_seconds: float = 1.0,
        most_share: float = 0.1,
    ) -> None:
        """``deadline_seconds`` count from the time at which the text rests: a second after the keystroke, in all.

        A sample takes ``deadline_share`` of the deadline and ``direct_share`` of the exact run, which is still to come,
        as far as can be told; it is given up after all of the deadline, ``most_share`` of the exact run, or three times
        what it was meant to take. It has at
        most ``largest_fraction`` of the table, and at least ``least_rows`` rows before conditions.
        A query that takes less than ``late_seconds`` directly is not sampled.
        """
        self._engine = engine
        self._analysis = analysis
        self._facts = facts
        self._settings = settings
        self._deadline_seconds = deadline_seconds
        self._deadline_share = deadline_share
        self._direct_share = direct_share
        self._largest_fraction = largest_fraction
        self._least_rows = least_rows
        self._late_seconds = late_seconds
        self._most_share = most_share
        self._overrun = 6.0  # a first guess: grouping by the units of the sample costs too

    async def answer(self, question: Question, direct_seconds: float | None = None) -> Answer | None:
        """The estimated first page; None where a sample would not be sound, not quicker, or empty.

        ``direct_seconds`` is what the query is expected to take on base tables; None to ask the engine's estimate.
        Raises nothing but ``CancelledError``: whoever asks is waiting for the exact answer anyway.
        """
        started = self._settings.clock()
        try:
            if direct_seconds is None:
                direct_seconds = await self._facts.seconds(question.sql, question.base_rows, question.shape)
            if direct_seconds < self._late_seconds:
                return None  # the exact result is there nearly as soon
            seconds = self._seconds_for(direct_seconds)
            sample = await self._analysis.run(self._sample_of, question, direct_seconds, seconds)
            if isinstance(sample, str):
                logger.debug("no sample: %s", sample)
                return None
            expected, began = self._seconds_for(direct_seconds), self._settings.clock()
            try:
                async with asyncio.timeout(self._limit_for(direct_seconds)):
                    answer = await self._estimated(sample)
            finally:
                # Groups and joins make a sample slower than its share of the rows: the next one is taken smaller.
                taken = (self._settings.clock() - began) / expected
                self._overrun = max(1.0, (self._overrun + self._overrun * taken) / 2)
        except (AnalysisError, EngineError, TimeoutError) as error:
            # Not the engine's words, which may quote values of rows.
            logger.info("no sample: %s", type(error).__name__)
            return None
        seconds = self._settings.clock() - started
        return answer and replace(answer, seconds=seconds, direct_seconds=direct_seconds)

    async def asked_for(self, question: Question) -> Answer | str:
        """The estimated first page for who asks for it, or a sentence that says why there is none.

        It may take longer than one that nobody has asked for. Raises nothing but ``CancelledError``.
        """
        started = self._settings.clock()
        try:
            estimated = await self._facts.seconds(question.sql, question.base_rows, question.shape)
            # Whoever asks has waited: the estimate was too low if it says otherwise.
            direct_seconds = max(estimated, self._late_seconds)
            seconds = max(self._seconds_for(direct_seconds), min(ASKED_SECONDS, self._most_share * direct_seconds))
            sample = await self._analysis.run(self._sample_of, question, direct_seconds, seconds)
            if isinstance(sample, str):
                return f"There is no sample of this: {sample}."
            async with asyncio.timeout(ASKED_DEADLINE_SECONDS):
                with asked_for():
                    answer = await self._estimated(sample)
        except TimeoutError:
            return f"The sample took longer than {ASKED_DEADLINE_SECONDS:.0f} s."
        except (AnalysisError, EngineError) as error:
            logger.info("no sample: %s", type(error).__name__)  # not the engine's words: they may quote values
            return "The sample could not be computed."
        if answer is None:
            return "Next to nothing of what was drawn is in the result."
        return replace(answer, seconds=self._settings.clock() - started, direct_seconds=estimated)

    def _seconds_for(self, direct_seconds: float) -> float:
        """How long the sample of a query that takes so long directly may take."""
        return max(min(self._deadline_seconds * self._deadline_share, self._direct_share * direct_seconds), 0.001)

    def _limit_for(self, direct_seconds: float) -> float:
        """After how long such a sample is given up."""
        wanted = MOST_OVERRUN * self._seconds_for(direct_seconds)
        return min(self._deadline_seconds, max(0.1, min(direct_seconds * self._most_share, wanted)))

    def _sample_of(self, question: Question, direct_seconds: float, seconds: float) -> _Sample | str:
        """What to run in about so many seconds, or why no sample. Pure."""
        if question.qualified is None or not question.lasting:
            return "the query is not analysed"
        source = sampled_source(question.qualified, question.catalog)
        if isinstance(source, str):
            return source
        rows, in_time = source.table.row_count or 0, seconds / self._overrun
        fraction = fraction_for(rows, question.base_rows - rows, direct_seconds, in_time, self._largest_fraction)
        if fraction * rows < self._least_rows:
            return f"a sample that is quick enough would have {fraction * rows:.0f} rows"
        estimates = sample_estimates(question.qualified, question.catalog, math.ceil(1 / fraction), SAMPLE_UNIT)
        return estimates if isinstance(estimates, str) else _Sample(question, estimates, source.table)

    async def _estimated(self, sample: _Sample) -> Answer | None:
        """The answer, with intervals if there are any and the engine can compute them."""
        estimates, dialect = sample.estimates, sample.question.catalog.dialect
        columns = (await self._facts.bind(sample.question.sql)).columns
        if estimates.measured is not None:
            sql = estimates.measured.query.sql(dialect)
            try:
                result = await self._run(sample, sql)
            except EngineError:
                logger.debug("the engine computes no intervals of a sample of %s", sample.table.name)
            else:
                if columns and same_types(columns, result.columns[: len(columns)]):
                    return _answer(sample, sql, result, columns, estimates.measured.errors)
        sql = estimates.query.sql(dialect)
        result = await self._run(sample, sql)
        if not columns or not same_types(columns, result.columns[: len(columns)]):
            return None
        return _answer(sample, sql, result, columns, (None,) * len(columns))

    async def _run(self, sample: _Sample, sql: str) -> Result:
        fraction = 1 / sample.estimates.scale
        return await self._engine.sample(sql, sample.sql_name, fraction, max_rows=self._settings.page_rows)


def _answer(
    sample: _Sample, sql: str, result: Result, columns: tuple[ResultColumn, ...], errors: Sequence[int | None]
) -> Answer | None:
    """The user's columns of a result over a sample; None if next to nothing that was drawn is in it."""
    if not result.rows.num_rows:
        return None
    if sample.estimates.counted and sum(result.rows.column(result.rows.num_columns - 1).to_pylist()) < LEAST_DRAWN:
        return None
    if sample.estimates.ranked and not result.complete:
        errors = (None,) * len(columns)  # the first rows were chosen by their estimates, which are too high for that
    rows = result.rows.select(range(len(columns))).rename_columns([column.name for column in columns])
    fraction = 1 / sample.estimates.scale
    return Answer(
        # Never complete: rows and groups that are not in the sample may be in the exact result.
        result=Result(columns, rows, complete=False, seconds=result.seconds),
        states=("sample",),
        total_rows=None,
        executed_sql=f"-- over a sample of {fraction:.3g} of the rows of {sample.table.name}\n{sql}",
        direct_sql=sample.question.sql,
        problems=(_ESTIMATED_CONDITION,) if sample.estimates.estimated_conditions else (),
        sample=SampleInfo(
            fraction,
            sample.table.name,
            tuple(_interval(result, place, error) for place, error in enumerate(errors)),
            round(fraction * sample.table.row_count) if sample.table.row_count is not None else None,
        ),
    )


_ESTIMATED_CONDITION = Problem(
    "estimated-condition",
    "Which groups are shown was decided by their estimates.",
    severity="information",
    hint="The exact result may have others.",
)


def fraction_for(
    table_rows: int, other_rows: int, direct_seconds: float, seconds: float, largest_fraction: float
) -> float:
    """The largest fraction of a table with which a query is expected to take so many seconds; 0 if there is none.

    The time is taken to go with the rows of the base tables that are read: that of the sampled table shrinks with
    the fraction, that of the others stays.

    >>> fraction_for(9_000_000, 1_000_000, direct_seconds=5.0, seconds=1.0, largest_fraction=0.5)
    0.1111111111111111
    >>> fraction_for(9_000_000, 9_000_000, direct_seconds=5.0, seconds=1.0, largest_fraction=0.5)
    0.0
    """
    if not table_rows:
        return 0.0
    rows_in_time = (table_rows + other_rows) * seconds / max(direct_seconds, seconds)
    return max(0.0, min(largest_fraction, (rows_in_time - other_rows) / table_rows))


def _interval(result: Result, place: int, error: int | None) -> Interval | None:
    """The 95 % interval of each cell of a column; None if no cell has one."""
    if error is None:
        return None
    values, errors = (_numbers(result.rows.column(column).to_pylist()) for column in (place, error))
    widths = [None if error is None else NORMAL_95 * error for error in errors]
    ends = [
        (None, None) if value is None or width is None else (value - width, value + width)
        for value, width in zip(values, widths, strict=True)
    ]
    if all(low is None for low, _ in ends):
        return None
    return Interval(tuple(low for low, _ in ends), tuple(high for _, high in ends))


def _numbers(values: Sequence[object]) -> list[float | None]:
    found = [None if value is None else float(str(value)) for value in values]
    return [number if number is not None and math.isfinite(number) else None for number in found]
