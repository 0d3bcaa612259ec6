"""What GROUP BY and ORDER BY list by what is selected."""

from collections.abc import Iterator

from speql_speculator.completing.names_in_scope import NamesInScope, SelectedItem
from speql_speculator.completing.proposal import Proposal
from speql_speculator.completing.quoting import quoted
from speql_speculator.completing.tiers import Tier

_LONGEST_LABEL = 80


def group_proposals(names: NamesInScope) -> Iterator[Proposal]:
    """What is selected outside of aggregates and GROUP BY does not have yet: all of it as one, then each."""
    have = {text.lower() for text in names.grouped}
    keys = [item.text for item in names.items if _is_key(item)]
    missing = list(dict.fromkeys(text for text in keys if text.lower() not in have))
    if len(missing) > 1:
        text = ", ".join(missing)
        yield Proposal(_label(text), "expression", text, Tier.WHOLE, "", "all that is not aggregated", _unlike(text))
    for text in missing:
        yield Proposal(_label(text), "expression", text, Tier.WHOLE, "", "selected", _unlike(text))


def order_proposals(names: NamesInScope, dialect: str, *, always: bool = False) -> Iterator[Proposal]:
    """The output columns that ORDER BY does not have yet: by their names, those without one as they are written."""
    have = {text.split()[0].lower() for text in names.ordered if text}
    for position, item in enumerate(names.items, 1):
        if item.star:
            return  # what is at a position behind it is not known
        text = quoted(item.alias, dialect, always=always) if item.alias else item.text
        if text.lower() in have or (not item.alias and item.name and always):
            continue
        label = item.alias or _label(text)
        filter_text = text if not item.alias and label != text else ""
        yield Proposal(label, "expression", text, Tier.WHOLE, "", f"column {position}", filter_text)


def alias_columns(names: NamesInScope, dialect: str, *, always: bool = False) -> Iterator[Proposal]:
    """The names that the SELECT list gives, where they can be used like columns."""
    columns = {name for source in names.sources for name in source.by_name}
    for item in names.items:
        if item.alias and item.alias.lower() not in columns:
            text = quoted(item.alias, dialect, always=always)
            yield Proposal(item.alias, "alias", text, Tier.COLUMN, "", _label(item.text), name=item.alias.lower())


def _is_key(item: SelectedItem) -> bool:
    """Whether GROUP BY has to list it if there are aggregates: constants need not be."""
    return item.columns and not (item.aggregates or item.windows or item.star)


def _unlike(text: str) -> str:
    """The text, if its label is another one."""
    return "" if _label(text) == text else text


def _label(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= _LONGEST_LABEL else plain[: _LONGEST_LABEL - 3] + "..."
