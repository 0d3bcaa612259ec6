"""Arrow tables as the data frames that the user has a library for."""

from importlib.util import find_spec
from typing import Any, Literal

import pyarrow as pa

from speql_sql import SpeqlError

Frame = Literal["pandas", "polars", "arrow"]


class FrameError(SpeqlError):
    """There is no such kind of data frame here."""


def frame_of(table: pa.Table, kind: str | None = None) -> Any:
    """The table as a data frame of pandas or Polars; an Arrow table where neither is installed, or as ``arrow``.

    >>> frame_of(pa.table({"a": [1]}), "arrow").num_rows
    1
    """
    kind = kind or next((one for one in ("pandas", "polars") if find_spec(one) is not None), "arrow")
    if kind == "arrow":
        return table
    if kind not in ("pandas", "polars"):
        raise FrameError(f"{kind} is no kind of data frame that is known here.", "Known: pandas, polars, arrow.")
    if find_spec(kind) is None:
        raise FrameError(f"{kind} is not installed in this environment.", f"Install it: pip install {kind}.")
    if kind == "polars":
        import polars

        return polars.from_arrow(table)
    return table.to_pandas()
