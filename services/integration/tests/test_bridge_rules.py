"""Two figures of a period, and why they differ: every fen in one row, every row in one class (N7.2)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integration.bridge.bridge_rules import Asked, bridge
from integration.bridge.export_rules import as_csv, safe, yuan
from integration.bridge.outside_rules import Outside, OutsideRow
from integration.bridge.rules import Bridge, Claim, Credit, Figure, Reason, Side, counted, parts, reasons, total, why

FIRST, LAST = date(2026, 2, 1), date(2026, 2, 28)
PERIOD = (FIRST, LAST)
THEN, NOW = datetime(2026, 2, 18, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)
LONG_AGO, FOREVER = datetime(2026, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)

days = st.dates(date(2026, 1, 20), date(2026, 3, 10))
instants = st.integers(0, 49 * 24).map(lambda hours: datetime(2026, 1, 20, tzinfo=UTC) + timedelta(hours=hours))


@st.composite
def claims_on(draw: st.DrawFn, number: int, fen: int) -> tuple[Claim, ...]:
    """Claims that never hold more than the money at once: those that stand together share it out."""
    shares = draw(st.lists(st.integers(1, max(fen, 1)), max_size=3))
    found, left = [], fen
    for index, share in enumerate(shares):
        taken = min(share, left)
        if taken > 0:
            left -= taken
            at = draw(instants)
            undone = draw(st.none() | st.integers(1, 40).map(lambda hours, at=at: at + timedelta(hours=hours)))
            due = draw(st.none() | days)
            found.append(Claim(f"{number}-{index}", "HT", "甲", due, taken, at, undone))
    return tuple(found)


@st.composite
def books(draw: st.DrawFn) -> list[Credit]:
    found = []
    for number in range(draw(st.integers(0, 6))):
        fen = draw(st.integers(0, 500))
        found.append(
            Credit(
                str(number),
                "6222",
                draw(st.sampled_from(["1", "2", "03", ""])),
                "",
                draw(days),
                draw(st.sampled_from(["甲", "乙"])),
                fen,
                draw(st.none() | instants),
                draw(st.none() | days),
                draw(st.none() | instants | st.just(FOREVER)),
                draw(claims_on(number, fen)),
            )
        )
    return found


outside_rows = st.lists(
    st.builds(
        OutsideRow,
        st.just(0),
        days,
        st.sampled_from(["1", "2", "3", ""]),
        st.integers(-500, 500),
        st.sampled_from(["甲", "乙", ""]),
    ),
    max_size=6,
).map(lambda rows: tuple(OutsideRow(n, r.booked_on, r.serial, r.fen, r.payer_name) for n, r in enumerate(rows)))
ours = st.builds(Asked, st.sampled_from([each for each in Figure if each is not Figure.OUTSIDE]), instants)
theirs = st.builds(
    Asked,
    st.just(Figure.OUTSIDE),
    instants,
    st.builds(Outside, st.just("看板"), st.integers(-9999, 9999), outside_rows),
)


@pytest.mark.spec("N7.2")
@settings(max_examples=200)
@given(books(), ours | theirs, ours | theirs, st.none() | days)
def test_any_two_figures_are_bridged_without_a_rest(
    credits: list[Credit], a: Asked, b: Asked, proved: date | None
) -> None:
    found = bridge(credits, PERIOD, a, b, proved)
    assert found.residual == 0
    assert sum(len(found.of(each)) for each in Reason) == len(found.rows), "each row is in exactly one class"
    assert all(each.difference for each in found.rows), "a row that explains nothing is none"


@pytest.mark.spec("N7.2")
@given(books(), ours | theirs, ours | theirs, st.none() | days)
def test_seen_from_the_other_side_every_row_changes_its_sign_alone(
    credits: list[Credit], a: Asked, b: Asked, proved: date | None
) -> None:
    there, back = bridge(credits, PERIOD, a, b, proved), bridge(credits, PERIOD, b, a, proved)
    assert sorted((r.reason, r.difference, r.entry_id) for r in there.rows) == sorted(
        (r.reason, -r.difference, r.entry_id) for r in back.rows
    )


@pytest.mark.spec("N7.2")
@given(books(), ours)
def test_a_figure_is_the_sum_of_its_parts_and_differs_from_itself_by_nothing(credits: list[Credit], a: Asked) -> None:
    side = Side(a.figure, *PERIOD, a.as_of)
    by_parts = sum(counted(part, side) for each in credits for part in parts(each, a.as_of, a.as_of))
    assert by_parts == total(credits, side)
    assert bridge(credits, PERIOD, a, a, None).rows == ()


@pytest.mark.spec("N7.2")
@given(books(), ours, ours)
def test_the_first_reason_in_the_order_of_precedence_decides(credits: list[Credit], a: Asked, b: Asked) -> None:
    side = Side(b.figure, *PERIOD, b.as_of)
    order = list(Reason)
    for credit in credits:
        for part in parts(credit, *sorted((a.as_of, b.as_of))):
            if found := reasons(part, side):
                chosen = why(part, side)
                assert all(order.index(chosen) <= order.index(each) for each in found)


def credit(number: int, fen: int, **changes: object) -> Credit:
    told = {
        "entry_id": str(number),
        "account": "6222",
        "serial": f"{number:04d}",
        "bank_reference": "",
        "booked_on": date(2026, 2, 5),
        "payer_name": "甲",
        "fen": fen,
        "told_at": LONG_AGO,
    }
    return Credit(**(told | changes))  # type: ignore[arg-type]


def taken(fen: int, due: date | None = date(2026, 2, 20), at: datetime = LONG_AGO) -> tuple[Claim, ...]:
    return (Claim("c", "HT-1", "甲", due, fen, at),)


BANK, BY_DUE = Asked(Figure.BANK_CREDITS, NOW), Asked(Figure.COLLECTED_BY_DUE, THEN)


def classes(found: Bridge) -> dict[Reason, int]:
    return {each: sum(row.difference for row in found.of(each)) for each in Reason if found.of(each)}


@pytest.mark.spec("N7.2")
@pytest.mark.parametrize(
    ("money", "reason"),
    [
        (credit(1, 100, claims=taken(100, None)), Reason.DEFINITION),
        (credit(1, 100, claims=taken(100), matures_on=date(2026, 6, 1)), Reason.DEFINITION),
        (credit(1, 100, told_at=NOW, claims=taken(100, at=NOW)), Reason.UNSYNCHRONISED),
        (credit(1, 100, told_at=NOW, claims=taken(100, None, NOW)), Reason.DEFINITION),
        (credit(1, 100, hand_until=FOREVER), Reason.MANUAL),
        (credit(1, 100, hand_until=NOW, claims=taken(100, date(2026, 3, 5))), Reason.MANUAL),
        (credit(1, 100, told_at=NOW, hand_until=FOREVER), Reason.UNSYNCHRONISED),
        (credit(1, 100), Reason.UNCLAIMED),
        (credit(1, 100, claims=taken(100, at=NOW)), Reason.UNCLAIMED),
        (credit(1, 100, claims=taken(100, date(2026, 3, 5))), Reason.TIMING),
    ],
)
def test_each_class_has_its_case(money: Credit, reason: Reason) -> None:
    assert classes(bridge([money], PERIOD, BANK, BY_DUE, None)) == {reason: 100}


@pytest.mark.spec("N7.2")
def test_one_receipt_may_be_in_several_rows_each_in_one_class() -> None:
    claims = (*taken(60), Claim("d", "HT-2", "乙", date(2026, 3, 5), 30, LONG_AGO))
    found = bridge([credit(1, 100, claims=claims)], PERIOD, BANK, BY_DUE, None)
    assert (found.a_fen, found.b_fen, found.agreed) == (100, 60, 1)
    assert classes(found) == {Reason.TIMING: 30, Reason.UNCLAIMED: 10}


@pytest.mark.spec("N7.2")
def test_money_of_january_that_was_due_in_february_is_timing_the_other_way() -> None:
    early = credit(1, 100, booked_on=date(2026, 1, 28), claims=taken(100))
    found = bridge([early], PERIOD, BANK, BY_DUE, None)
    assert (found.a_fen, found.b_fen, classes(found)) == (0, 100, {Reason.TIMING: -100})


@pytest.mark.spec("N7.2")
def test_a_pasted_total_is_explained_as_far_as_the_bank_goes_and_the_rest_is_named() -> None:
    pasted = Asked(Figure.OUTSIDE, NOW, Outside("BI 看板", 530, ()))
    late = credit(2, 200, told_at=NOW, claims=taken(200, at=NOW))
    found = bridge([credit(1, 300, claims=taken(300)), late], PERIOD, pasted, BY_DUE, None)
    assert (found.a_fen, found.b_fen) == (530, 300)
    assert classes(found) == {Reason.UNSYNCHRONISED: 200, Reason.MANUAL: 30}
    [lump] = found.of(Reason.MANUAL)
    assert (lump.note, lump.entry_id) == ("BI 看板: a total that no row backs", "")


@pytest.mark.spec("N7.2")
def test_rows_of_a_sheet_are_found_at_the_bank_once_each() -> None:
    known = [credit(1, 100, claims=taken(100)), credit(2, 200, claims=taken(200)), credit(3, 300, claims=taken(300))]
    sheet = (
        OutsideRow(2, date(2026, 2, 5), "1", 100, "x"),
        OutsideRow(3, date(2026, 2, 5), "0001", 100, "x"),
        OutsideRow(4, date(2026, 2, 5), "", 200, "甲"),
        OutsideRow(5, date(2026, 2, 5), "3", 310, "甲"),
        OutsideRow(6, date(2026, 2, 7), "9", 7, "丙"),
    )
    listed = Asked(Figure.OUTSIDE, NOW, Outside("表", 717 + 3, sheet))
    found = bridge(known, PERIOD, listed, BY_DUE, date(2026, 2, 6))
    assert classes(found) == {Reason.UNSYNCHRONISED: 7, Reason.MANUAL: 100 + 10 + 3}
    notes = [each.note for each in found.of(Reason.MANUAL)]
    assert sorted(notes) == sorted(
        ["no bank row is like it", "entered with another amount than the bank's", "表: a total that no row backs"]
    )
    assert found.residual == 0


@pytest.mark.spec("N7.2", "P9.1")
def test_the_export_adds_up_and_runs_nothing() -> None:
    evil = credit(1, 12_345, payer_name='=HYPERLINK("http://x")', serial="@SUM(A1)")
    found = bridge([evil], PERIOD, BANK, BY_DUE, None)
    text = as_csv(found, ("bank_credits", "+cmd"))
    lines = text.removeprefix("\ufeff").split("\r\n")
    assert "'+cmd" in lines[0]
    assert lines[1].startswith("unclaimed,2026-02-05,'@SUM(A1),\"'=HYPERLINK")
    assert lines[2:4] == ["total,,,,,,123.45,0.00,123.45", "residual,,,,,,,,0.00"]


@pytest.mark.spec("P9.1")
@given(st.text(max_size=12))
def test_no_text_begins_like_a_formula(text: str) -> None:
    assert not safe(text).lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


@pytest.mark.spec("N7.2")
@given(st.integers(-(10**12), 10**12))
def test_amounts_are_written_to_the_fen(fen: int) -> None:
    whole, _, cents = yuan(fen).lstrip("-").partition(".")
    assert (int(whole) * 100 + int(cents)) * (-1 if fen < 0 else 1) == fen
