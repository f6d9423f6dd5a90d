"""What is due for single tickets adds up, to the smallest amount, to what is due for the whole."""

from decimal import Decimal

import pytest
from hypothesis import given as with_any
from hypothesis import strategies as st

from bms.commands.sales.inventory import HeldLine
from bms.commands.sales.shares import due_before, due_in_all, given, ticket_shares
from bms.money import Money

CURRENCIES = st.sampled_from([("EUR", 2), ("JPY", 0), ("KWD", 3)])


def line(kind: int, quantity: int, price: Decimal) -> HeldLine:
    return HeldLine(1, kind, "Seat", quantity, price, price, 0, 0, Decimal(0))


def cancelled(of: HeldLine, quantity: int, percent: int, due: Decimal) -> HeldLine:
    return of._replace(
        cancelled=of.cancelled + quantity,
        refund_percents=of.refund_percents + quantity * percent,
        refund_due=of.refund_due + due,
    )


@pytest.mark.parametrize(
    ("price", "quantity", "percent", "currency", "amounts"),
    [
        ("33.33", 5, 50, "EUR", ["16.66", "16.66", "16.66", "16.66", "16.69"]),
        ("25.00", 2, 50, "EUR", ["12.50", "12.50"]),
        ("10.00", 3, 100, "EUR", ["10.00", "10.00", "10.00"]),
        ("995", 3, 33, "JPY", ["328", "328", "329"]),
        ("1501", 2, 50, "JPY", ["750", "751"]),
        ("10.125", 3, 50, "KWD", ["5.062", "5.062", "5.064"]),
        ("1500.50", 2, 100, "JPY", ["1500.50", "1500.50"]),
        ("25.00", 3, 0, "EUR", ["0", "0", "0"]),
    ],
)
def test_the_last_cent_goes_with_the_last_ticket(
    price: str, quantity: int, percent: int, currency: str, amounts: list[str]
) -> None:
    lines = [line(7, quantity, Decimal(price))]
    shares = ticket_shares(lines, [(n, 7) for n in range(quantity)], percent, currency)
    assert [share.amount for share in shares] == [Decimal(amount) for amount in amounts]
    assert sum(share.amount for share in shares) == due_in_all(lines, percent, currency)


@with_any(st.data(), CURRENCIES)
def test_one_by_one_gives_what_the_whole_gives(data: st.DataObject, currency: tuple[str, int]) -> None:
    code, exponent = currency
    prices = data.draw(st.lists(st.integers(0, 10_000), min_size=1, max_size=3))
    lines = {
        kind: line(kind, data.draw(st.integers(1, 6)), Decimal(price).scaleb(-exponent))
        for kind, price in enumerate(prices)
    }
    percent = data.draw(st.integers(0, 100))
    whole = due_in_all(list(lines.values()), percent, code)
    tickets = [kind for kind, each in lines.items() for _ in range(each.quantity)]
    one_by_one = Decimal(0)
    for number, kind in enumerate(data.draw(st.permutations(tickets))):
        (share,) = ticket_shares(list(lines.values()), [(number, kind)], percent, code)
        assert Money(share.amount, code).is_payable
        assert share.amount >= 0
        lines[kind] = cancelled(lines[kind], 1, percent, share.amount)
        one_by_one += share.amount
    # With many tiny prices the lines' own roundings may give a little more than the whole's.
    assert 0 <= one_by_one - whole <= len(lines) * Money(whole, code).unit
    if len(lines) == 1 or percent in (0, 100):
        assert one_by_one == whole


@with_any(st.lists(st.integers(0, 100), min_size=1, max_size=8), st.integers(1, 9_999))
def test_never_more_than_was_paid_though_the_rule_changes(percents: list[int], cents: int) -> None:
    price = Decimal(cents).scaleb(-2)
    only = line(7, len(percents), price)
    for number, percent in enumerate(percents):
        (share,) = ticket_shares([only], [(number, 7)], percent, "EUR")
        only = cancelled(only, 1, percent, share.amount)
    exact = sum(price * percent / 100 for percent in percents)
    assert abs(only.refund_due - exact) <= Decimal("0.005")
    assert only.refund_due <= price * len(percents)


def test_what_was_given_of_free_will_counts_as_for_the_whole() -> None:
    lines = [line(7, 4, Decimal("25.00"))]
    shares = ticket_shares(lines, [(n, 7) for n in range(4)], 100, "EUR")
    assert given(shares, due_before(lines), Decimal(0)) == [Decimal("25.00")] * 4
    amounts = given(shares, due_before(lines), Decimal("30.00"))
    assert amounts == [Decimal(0), Decimal("20.00"), Decimal("25.00"), Decimal("25.00")]
