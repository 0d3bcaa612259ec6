"""The placeholders of a statement: what is said of them, and what they keep from being done."""

from collections.abc import Sequence

from lsprotocol import types

from speql_server.lsp.positions import Encoding
from speql_server.lsp.projected_lines import ProjectedLines, lines_of
from speql_speculator.embedding.projection import Mask
from speql_speculator.snapshot import Snapshot
from speql_speculator.statements import Statement
from speql_sql import Problem

_MOST_TOLD = 20


def masks_of(snapshot: Snapshot, statements: Sequence[Statement], statement: Statement) -> tuple[Mask, ...]:
    """The masks that a statement is read with: those in it, and those without text between it and the one before."""
    projection = snapshot.projection
    if projection is None or not projection.masks:
        return ()
    region = projection.region_at(statement.span.start)
    if region is None:
        return ()
    others = [one.span for one in statements if region.sql.start <= one.span.start < region.sql.end]
    before = max((span.end for span in others if span.end <= statement.span.start), default=region.sql.start - 1)
    is_last = all(span.start <= statement.span.start for span in others)
    end = region.sql.end if is_last else statement.span.end
    return tuple(mask for mask in projection.masks if before < mask.span.start <= end)


def mask_at(snapshot: Snapshot, position: types.Position, encoding: Encoding) -> Mask | None:
    """The placeholder at a client's position, if something stands for it in the SQL."""
    lines = lines_of(snapshot)
    if not isinstance(lines, ProjectedLines):
        return None
    mask = lines.mask_at(position.line, position.character, encoding)
    return mask if mask is not None and mask.stand_in and mask.certainty != "unknown" else None


def masks_told(masks: Sequence[Mask]) -> list[Problem]:
    """What a preview says of masks: what was read in the place of each."""
    return [_told(mask) for mask in masks[:_MOST_TOLD]]


def refusal(masks: Sequence[Mask]) -> Problem | None:
    """Why a statement with these masks is not submitted, if one of them is not known."""
    unknown = [mask for mask in masks if mask.certainty == "unknown"]
    if not unknown:
        return None
    named = ", ".join(_source(mask) for mask in unknown[:3])
    return Problem(
        "not-resolved",
        f"The statement was not run, because it is not known here what stands for {named}.",
        unknown[0].span,
        "error",
        "Run it where its values are, or write them out.",
    )


def rename_refusal(masks: Sequence[Mask]) -> str:
    """Why nothing is renamed in a statement with these masks, or nothing: what is not seen may use the name."""
    unknown = [_source(mask) for mask in masks if mask.certainty == "unknown"]
    return (
        f"Nothing is renamed here, because it is not known what stands for {', '.join(unknown[:3])}." if unknown else ""
    )


def _told(mask: Mask) -> Problem:
    read = f"is read as {mask.stand_in}" if mask.stand_in else "is left out"
    why = f": {mask.meaning}" if mask.meaning else ": its value is not known here"
    return Problem("masked", f"{_source(mask)} {read}{why}.", mask.span, "information")


def _source(mask: Mask) -> str:
    text = " ".join(mask.source.split())
    return text if len(text) <= 40 else f"{text[:37]}..."


def certain(masks: Sequence[Mask]) -> bool:
    """Whether a statement with these masks is what the host would run, so that what the engine says of it counts."""
    return all(mask.certainty == "known" for mask in masks)
