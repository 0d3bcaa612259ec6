"""A chart as a Vega-Lite specification."""

from collections.abc import Sequence
from typing import Any

from speql_engines import ResultColumn
from speql_scheduler.results.chart import ChartData
from speql_scheduler.results.profile import kind_of
from speql_server.protocol import Cell

SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"

_TYPES = {"number": "quantitative", "time": "temporal", "text": "nominal", "other": "nominal"}


def vega_lite(data: ChartData, columns: Sequence[ResultColumn], points: Sequence[Sequence[Cell]]) -> dict[str, Any]:
    """The specification, with the points in it. Nothing of it is computed by Vega: the engine has aggregated."""
    choice = data.choice
    x = columns[choice.x]
    x_type = _TYPES[kind_of(x.type)]
    values = [dict(zip(data.rows.column_names, point, strict=True)) for point in points]
    encoding: dict[str, Any] = {
        "x": {"field": "x", "type": x_type, "title": f"{x.name} ({data.unit})" if data.unit else x.name},
        "y": {"field": "y", "type": _y_type(data, columns), "title": _y_title(data, columns)},
    }
    if choice.binned:
        for value in values:
            low, width = value["x"], value.pop("width")
            value["x2"] = low + width if isinstance(low, float) and isinstance(width, float) else low
        encoding["x"]["bin"] = {"binned": True}
        encoding["x2"] = {"field": "x2"}
    elif x_type == "nominal" and choice.mark == "bar":
        encoding["x"]["sort"] = "-y"
    if choice.colour is not None:
        colour = columns[choice.colour]
        # At most eight values, in the order in which they are to be named.
        scale = {"domain": list(data.series)}
        encoding["color"] = {"field": "colour", "type": "nominal", "title": colour.name, "scale": scale}
    encoding["tooltip"] = [
        {"field": channel["field"], "type": channel["type"], "title": channel["title"]}
        for channel in encoding.values()
        if isinstance(channel, dict) and "title" in channel
    ]
    return {
        "$schema": SCHEMA,
        "data": {"values": values},
        "mark": {"type": choice.mark},
        "encoding": encoding,
        "width": "container",
    }


def _y_type(data: ChartData, columns: Sequence[ResultColumn]) -> str:
    choice = data.choice
    if choice.y is None or choice.aggregate in ("sum", "mean", "count"):
        return "quantitative"
    return _TYPES[kind_of(columns[choice.y].type)]


def _y_title(data: ChartData, columns: Sequence[ResultColumn]) -> str:
    choice = data.choice
    if choice.y is None or choice.aggregate == "count":
        return "rows"
    name = columns[choice.y].name
    return name if choice.aggregate == "none" else f"{choice.aggregate} of {name}"
