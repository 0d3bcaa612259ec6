"""Sums, budgets, and what is written down."""

from speql_speculator.language_model.settings import LanguageModelSettings
from speql_speculator.language_model.spending import DAY, HOUR, Charge, Spending, decoded, encoded

NOW = 1_800_000_000.0


def charge(ago: float, dollars: float = 0.1, tokens: int = 100, **changes: bool) -> Charge:
    return Charge(at=NOW - ago, model="m", input_tokens=tokens, output_tokens=0, dollars=dollars, **changes)


def test_hours_and_days_are_the_last_ones() -> None:
    spending = Spending.of([charge(10), charge(2 * HOUR), charge(25 * HOUR)], NOW)
    assert (spending.totals(NOW, HOUR).requests, spending.totals(NOW, DAY).requests) == (1, 2)
    assert spending.totals(NOW, DAY).tokens == 200


def test_what_is_not_exact_is_marked() -> None:
    assert Spending.of([charge(1)], NOW).totals(NOW, HOUR).exact
    assert not Spending.of([charge(1), charge(1, estimated=True)], NOW).totals(NOW, HOUR).exact
    assert not Spending.of([charge(1, price_known=False)], NOW).totals(NOW, HOUR).exact


def test_each_budget_refuses_and_says_when_it_goes_on() -> None:
    spending = Spending.of([charge(1_800, dollars=0.6), charge(60, dollars=0.6)], NOW)
    for settings in (
        LanguageModelSettings(dollars_per_hour=1.0),
        LanguageModelSettings(dollars_per_day=1.0, dollars_per_hour=9),
        LanguageModelSettings(tokens_per_hour=150),
    ):
        problem = spending.refusal(settings, NOW)
        assert problem is not None
        assert "asked again from" in problem.hint
    assert spending.refusal(LanguageModelSettings(dollars_per_hour=2.0), NOW) is None
    assert spending.refusal(LanguageModelSettings(dollars_per_hour=2.0), NOW, charge(0, dollars=1.0)) is not None


def test_a_budget_of_nothing_refuses_what_costs() -> None:
    settings = LanguageModelSettings(dollars_per_hour=0.0)
    problem = Spending().refusal(settings, NOW, charge(0))
    assert problem is not None
    assert "Raise the budget" in problem.hint
    assert Spending().refusal(settings, NOW, charge(0, dollars=0.0)) is None


def test_charges_are_written_line_by_line_and_a_broken_line_is_left_out() -> None:
    charges = (charge(5), charge(4, estimated=True))
    lines = b"".join(map(encoded, charges))
    assert decoded(lines) == charges
    assert decoded(lines + b'{"at": 12') == charges
