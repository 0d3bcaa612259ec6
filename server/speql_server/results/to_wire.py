"""From whole results to the wire, and from what a client asks of them. Blocks: it belongs in a thread."""

import base64
from collections.abc import Sequence

import pyarrow as pa

from speql_engines import EngineError, ResultColumn
from speql_scheduler.results.arrangement import Arrangement, Filter, Order
from speql_scheduler.results.chart import ChartData
from speql_scheduler.results.chart_choice import ChartChoice
from speql_scheduler.results.held_results import Page
from speql_scheduler.results.profile import ColumnProfile
from speql_server import protocol
from speql_server.cells import cells
from speql_server.results.vega_lite import vega_lite

_VALUES = {"is null": 0, "is not null": 0}


def arrangement_of(
    filters: Sequence[protocol.Filter], orders: Sequence[protocol.Order], columns: Sequence[ResultColumn]
) -> Arrangement:
    """The rows and the order that a client asks for. :class:`~speql_engines.EngineError` if there is no such column."""
    for number in (*(one.column for one in filters), *(one.column for one in orders)):
        if not 0 <= number < len(columns):
            raise EngineError(f"The result has no column {number}.", f"It has {len(columns)}, the first is 0.")
    for one in filters:
        if one.operator != "in" and len(one.values) != _VALUES.get(one.operator, 1):
            raise EngineError(f"The filter {one.operator} takes {_VALUES.get(one.operator, 1)} values.")
    return Arrangement(
        tuple(Filter(one.column, one.operator, tuple(one.values)) for one in filters),
        tuple(Order(one.column, one.descending) for one in orders),
    )


def rows(page: Page, offset: int, *, arrow: bool) -> protocol.Rows:
    """A page, as cells or as an Arrow stream."""
    columns = page.result.columns
    return protocol.Rows(
        columns=[protocol.Column(name=column.name, type=column.type) for column in columns],
        offset=offset,
        rows=[] if arrow else cells(page.result.rows, [column.type for column in columns]),
        arrow=_arrow_stream(page.result.rows) if arrow else "",
        total_rows=page.total_rows,
        all_rows=page.held_rows,
    )


def profile(found: Sequence[ColumnProfile], numbers: Sequence[int]) -> protocol.Profile:
    """Statistics of columns."""
    return protocol.Profile(columns=[_column(one, number) for one, number in zip(found, numbers, strict=True)])


def chart(data: ChartData, columns: Sequence[ResultColumn], fitting: Sequence[ChartChoice] = ()) -> protocol.Chart:
    """A chart with its data, and what else could be drawn of these columns."""
    choice = data.choice
    return protocol.Chart(
        mark=choice.mark,
        x=choice.x,
        y=choice.y,
        colour=choice.colour,
        aggregate=choice.aggregate,
        binned=choice.binned,
        specification=vega_lite(data, columns, cells(data.rows, data.types)),
        unit=data.unit,
        notes=list(data.notes),
        proposals=[_choice(one) for one in fitting],
        sql=data.sql,
    )


def choice_of(asked: protocol.ChartParams, columns: Sequence[ResultColumn]) -> ChartChoice | None:
    """What a client wants drawn; None if it leaves that to us."""
    if asked.x is None:
        return None
    for number in (asked.x, asked.y, asked.colour):
        if number is not None and not 0 <= number < len(columns):
            raise EngineError(f"The result has no column {number}.", f"It has {len(columns)}, the first is 0.")
    if asked.y is None and asked.aggregate not in ("count", "none"):
        raise EngineError(f"A chart of the {asked.aggregate} needs a column for y.", "Choose one, or count rows.")
    aggregate = "count" if asked.y is None else asked.aggregate
    return ChartChoice(asked.mark, asked.x, asked.y, asked.colour, aggregate, asked.binned)


def _choice(choice: ChartChoice) -> protocol.ChartChoice:
    return protocol.ChartChoice(
        mark=choice.mark,
        x=choice.x,
        y=choice.y,
        colour=choice.colour,
        aggregate=choice.aggregate,
        binned=choice.binned,
    )


def _column(found: ColumnProfile, number: int) -> protocol.ColumnProfile:
    type_ = found.column.type
    ends = cells(found.ends, [type_, type_]) if found.ends is not None else []
    low, high, mean = (*ends[0], None)[:3] if ends else (None, None, None)
    bars = found.bars
    labels = cells(bars.labels, [type_] * bars.labels.num_columns) if bars is not None else []
    histogram = None
    if bars is not None and bars.kind == "histogram":
        histogram = protocol.Histogram(low=labels[0][0], high=labels[0][1], counts=list(bars.counts))
    frequent = zip(labels, bars.counts, strict=True) if bars is not None and bars.kind == "values" else ()
    return protocol.ColumnProfile(
        column=number,
        name=found.column.name,
        type=type_,
        rows=found.rows,
        nulls=found.nulls,
        distinct=found.distinct,
        low=low,
        high=high,
        mean=mean if isinstance(mean, float) else None,
        histogram=histogram,
        frequent=[protocol.Frequent(value=label[0], count=count) for label, count in frequent],
        others=bars.others if bars is not None else 0,
    )


def _arrow_stream(table: pa.Table) -> str:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return base64.b64encode(sink.getvalue()).decode("ascii")
