"""Churn and repeat purchase: the definition, the figures that SQL makes of it, and the rows behind each of them."""

from __future__ import annotations

import csv
import io
import random
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from chassis.errors import InvalidInput
from chassis.kernel.ids import new_id
from chassis.kernel.money import Money
from chassis.testing.identity import as_hq, as_manager, as_rep, as_service
from closeloop.leads.v1 import churn_service_pb2 as pb
from closeloop.leads.v1.churn_service_pb2_grpc import ChurnServiceStub
from leads.churn.rules import (
    WINDOWS,
    By,
    Churned,
    ChurnFigure,
    Repeated,
    RepeatFigure,
    Window,
    kinds,
    repeats,
    totals,
)
from leads.lead.rules import Grade
from leads.purchases import store as purchases
from leads.purchases.rules import Purchase, Source, State

from .company import UNIT, Company
from .test_from_outside import customer

TODAY = date(2026, 3, 10)
WEST = "/HQ/WEST/CD1/"
days = st.lists(st.dates(date(2025, 1, 1), date(2026, 4, 1)), max_size=8)
windows = st.builds(Window, st.dates(date(2025, 6, 1), date(2026, 4, 1)), st.sampled_from(WINDOWS))


@pytest.mark.spec("LD9.2")
@pytest.mark.parametrize(
    ("bought", "found"),
    [
        ([], ""),
        ([TODAY + timedelta(days=1)], ""),
        ([TODAY], "buyers"),
        ([TODAY - timedelta(days=29)], "buyers"),
        ([TODAY - timedelta(days=30)], "buyers active_before lost gone"),
        ([TODAY - timedelta(days=59)], "buyers active_before lost gone"),
        ([TODAY - timedelta(days=60)], "buyers gone"),
        ([TODAY - timedelta(days=400), TODAY], "buyers"),
        ([TODAY - timedelta(days=45), TODAY - timedelta(days=3)], "buyers active_before"),
    ],
)
def test_a_buyer_is_lost_who_was_active_and_bought_nothing_since(bought: list[date], found: str) -> None:
    assert kinds(bought, Window(TODAY, 30)) == set(found.split())


@pytest.mark.spec("LD9.2")
@given(days, windows)
def test_the_lost_were_active_and_are_gone(bought: list[date], window: Window) -> None:
    found = kinds(bought, window)
    assert (Churned.LOST in found) == ({Churned.ACTIVE_BEFORE, Churned.GONE} <= found)
    assert not found or Churned.BUYERS in found
    longer = kinds(bought, Window(window.as_of, window.days * 2))
    assert Churned.GONE not in longer or Churned.GONE in found, "gone for 60 days is gone for 30"


@pytest.mark.spec("LD9.2")
@pytest.mark.parametrize(
    ("bought", "found"),
    [
        ([], ""),
        ([TODAY - timedelta(days=365)], ""),
        ([TODAY], "buyers once"),
        ([TODAY, TODAY], "buyers once"),
        ([TODAY, TODAY - timedelta(days=364)], "buyers repeated"),
        ([TODAY, TODAY - timedelta(days=365)], "buyers once"),
    ],
)
def test_a_repeat_buyer_bought_on_two_days(bought: list[date], found: str) -> None:
    assert repeats(bought, Window(TODAY, 365)) == set(found.split())


figures = st.lists(
    st.builds(ChurnFigure, st.sampled_from(WINDOWS), st.text(max_size=2), *[st.integers(0, 99)] * 4), max_size=9
)


@pytest.mark.spec("LD9.2")
@given(figures)
def test_the_parts_add_up(found: list[ChurnFigure]) -> None:
    assert [each.days for each in totals(found)] == list(WINDOWS)
    assert sum(each.lost for each in totals(found)) == sum(each.lost for each in found)
    assert sum(each.active_before for each in totals(found)) == sum(each.active_before for each in found)


def test_of_nobody_there_is_no_rate() -> None:
    assert (ChurnFigure(30, "", 3, 0, 0, 3).rate, ChurnFigure(30, "", 9, 4, 1, 3).rate) == (None, 0.25)
    assert (RepeatFigure("", 0, 0).rate, RepeatFigure("", 4, 3).rate) == (None, 0.75)


@dataclass(frozen=True)
class Buyer:
    """A customer with its orders: day and store."""

    customer_id: str
    groups: Mapping[By, str]
    orders: tuple[tuple[date, str], ...]

    @property
    def days(self) -> list[date]:
        return [day for day, _ in self.orders]

    def last_store(self, until: date) -> str:
        return max(each for each in self.orders if each[0] <= until)[1]


def keep(company: Company, buyers: Iterable[tuple[str | None, date, str, State]]) -> None:
    kept = [
        Purchase(f"SO-{new_id()}", Source.ERP, 1, "", "", "", "", "", place, Money(100), day, state, who)
        for who, day, place, state in buyers
    ]
    with company.service.uow.begin(as_service("leads")) as tx:
        purchases.save(tx, kept)
        tx.commit()


@pytest.fixture
def buyers(company: Company) -> list[Buyer]:
    """Sixty customers of two regions and three reps with up to six orders each, some of them cancelled."""
    company.hire("E1", "E2")
    company.hire("E9", unit=WEST, manager_id="M9")
    chance = random.Random(7)
    made, rows = [], []
    for number in range(60):
        owner, unit = chance.choice([("E1", UNIT), ("E2", UNIT), ("E9", WEST)])
        grade, kind = chance.choice([Grade.A, Grade.B, None]), chance.choice(["KA", ""])
        found = customer(company, f"客户{number:02}", owner_id=owner, unit=unit, grade=grade, customer_class=kind,
                         province=chance.choice(["浙江", "四川"]))  # fmt: skip
        orders = tuple(
            (TODAY - timedelta(days=chance.choice([0, 1, 29, 30, 31, 59, 60, 89, 90, 179, 180, 359, 360, 500])),
             chance.choice(["", "S1", "S2"]))
            for _ in range(chance.randint(0, 6))
        )  # fmt: skip
        groups = {By.NOTHING: "", By.GRADE: grade.value if grade else "", By.CLASS: kind, By.REP: owner,
                  By.REGION: unit.split("/")[2]}  # fmt: skip
        made.append(Buyer(found, groups, orders))
        rows += [(found, day, place, State.ACTIVE) for day, place in orders]
        rows += [(found, TODAY, "S9", State.CANCELLED)] * chance.randint(0, 1)
    keep(company, [*rows, (None, TODAY, "S9", State.ACTIVE)])
    return made


def door(company: Company, as_: Any = None) -> ChurnServiceStub:
    return ChurnServiceStub(company.rpc(company.service, as_=as_ or as_hq()))


def report(company: Company, as_: Any = None, **asked: Any) -> pb.GetChurnReportResponse:
    return door(company, as_).GetChurnReport(pb.GetChurnReportRequest(**asked))


def rows_of(company: Company, as_: Any = None, size: int = 7, **asked: Any) -> list[pb.ChurnRow]:
    """Page by page."""
    request, found = pb.ListChurnRowsRequest(**asked), []
    request.page.size = size
    while True:
        answer = door(company, as_).ListChurnRows(request)
        found += answer.rows
        if not answer.page.next_token:
            return found
        request.page.token = answer.page.next_token


def expected(buyers: Iterable[Buyer], by: By, window: Window) -> dict[str, dict[Churned, set[str]]]:
    found: dict[str, dict[Churned, set[str]]] = defaultdict(lambda: {what: set() for what in Churned})
    for each in buyers:
        known = kinds(each.days, window)
        if known:
            group = each.last_store(window.as_of) if by is By.STORE else each.groups[by]
            for what in known:
                found[group][what].add(each.customer_id)
    return found


@pytest.mark.spec("LD9.2")
@pytest.mark.parametrize("by", [By.GRADE, By.CLASS, By.REGION, By.REP, By.STORE])
@pytest.mark.parametrize("as_of", [TODAY, TODAY - timedelta(days=31)])
def test_every_figure_is_the_rules_and_opens_its_rows(
    company: Company, buyers: list[Buyer], by: By, as_of: date
) -> None:
    told = report(company, by=by, as_of=as_of.isoformat())
    for days in WINDOWS:
        wanted = expected(buyers, by, Window(as_of, days))
        found = {each.group: each for each in told.figures if each.days == days}
        assert {
            group: {what: getattr(each, what) for what in Churned} for group, each in found.items()
        } == {group: {what: len(ids) for what, ids in kept.items()} for group, kept in wanted.items()}  # fmt: skip
        group = max(wanted, key=lambda each: len(wanted[each][Churned.LOST]))
        for what in (Churned.LOST, Churned.GONE, Churned.ACTIVE_BEFORE, Churned.BUYERS):
            listed = rows_of(company, by=by, group=group, days=days, what=what, as_of=as_of.isoformat())
            assert {each.customer_id for each in listed} == wanted[group][what]
            assert len(listed) == len(wanted[group][what])
    [total] = [each for each in told.totals if each.days == 90]
    everybody = expected(buyers, By.NOTHING, Window(as_of, 90))[""]
    assert (total.lost, total.active_before) == (len(everybody[Churned.LOST]), len(everybody[Churned.ACTIVE_BEFORE]))
    assert total.rate == pytest.approx(total.lost / total.active_before)


@pytest.mark.spec("LD9.2")
def test_rows_come_with_who_and_where_the_latest_first(company: Company, buyers: list[Buyer]) -> None:
    found = rows_of(company, days=30, what="buyers", size=50)
    assert [each.last_bought_on for each in found] == sorted((each.last_bought_on for each in found), reverse=True)
    by_id = {each.customer_id: each for each in buyers}
    for each in found:
        known = by_id[each.customer_id]
        assert (each.owner_id, each.store) == (known.groups[By.REP], known.last_store(TODAY))
        assert each.owner_name == f"员工{each.owner_id}"


@pytest.mark.spec("LD9.2")
def test_a_store_is_lost_when_nobody_buys_there(company: Company) -> None:
    first = customer(company, "甲", owner_id="E1", unit=UNIT, grade=Grade.A)
    second = customer(company, "乙", owner_id="E9", unit=WEST)
    ago = {each: TODAY - timedelta(days=each) for each in (3, 40, 70)}
    keep(company, [
        (first, ago[40], "S1", State.ACTIVE), (second, ago[3], "S1", State.ACTIVE),
        (second, ago[40], "S2", State.ACTIVE), (first, ago[70], "S3", State.ACTIVE),
        (first, ago[3], "S2", State.CANCELLED), (first, ago[3], "", State.ACTIVE),
    ])  # fmt: skip
    told = report(company, subject="stores", by="region")
    assert {(each.group, each.buyers, each.active_before, each.lost, each.gone)
            for each in told.figures if each.days == 30} == {("WEST", 2, 2, 1, 1), ("EAST", 1, 0, 0, 1)}  # fmt: skip
    [lost] = rows_of(company, subject="stores", days=30, what="lost")
    assert (lost.store, lost.customer_id, lost.last_bought_on) == ("S2", second, ago[40].isoformat())
    assert [each.store for each in rows_of(company, subject="stores", days=30, what="buyers", size=1)] == [
        "S1", "S2", "S3",
    ]  # fmt: skip


@pytest.mark.spec("LD9.2")
@pytest.mark.parametrize("by", [By.GRADE, By.CLASS, By.REP, By.STORE])
def test_repeat_purchase_is_the_rules_and_opens_its_rows(company: Company, buyers: list[Buyer], by: By) -> None:
    told = door(company).GetRepeatReport(pb.GetRepeatReportRequest(by=by, days=90))
    window, wanted = Window(TODAY, 90), defaultdict(lambda: {what: set[str]() for what in Repeated})
    for each in buyers:
        places = {place for _, place in each.orders if place} if by is By.STORE else {each.groups[by]}
        for group in places:
            bought = [day for day, place in each.orders if by is not By.STORE or place == group]
            for what in repeats(bought, window):
                wanted[group][what].add(each.customer_id)
    assert {each.group: (each.buyers, each.repeated) for each in told.figures} == {
        group: (len(kept[Repeated.BUYERS]), len(kept[Repeated.REPEATED])) for group, kept in wanted.items()
    }
    everybody = [repeats(each.days, window) for each in buyers]
    assert told.total.buyers == sum(Repeated.BUYERS in each for each in everybody)
    assert told.total.repeated == sum(Repeated.REPEATED in each for each in everybody)
    group = max(wanted, key=lambda each: len(wanted[each][Repeated.BUYERS]))
    for what in Repeated:
        request, found = pb.ListRepeatRowsRequest(by=by, group=group, days=90, what=what), []
        request.page.size = 3
        while True:
            answer = door(company).ListRepeatRows(request)
            found += [each.customer.customer_id for each in answer.rows]
            if not answer.page.next_token:
                break
            request.page.token = answer.page.next_token
        assert sorted(found) == sorted(wanted[group][what])


@pytest.mark.spec("LD9.2", "P1.4")
def test_each_sees_the_own_customers_figures(company: Company, buyers: list[Buyer]) -> None:
    for who, owners in ((as_rep("E1", UNIT), {"E1"}), (as_manager("M1", UNIT), {"E1", "E2"})):
        own = [each for each in buyers if each.groups[By.REP] in owners]
        wanted = expected(own, By.NOTHING, Window(TODAY, 180))[""]
        [total] = [each for each in report(company, who).totals if each.days == 180]
        assert (total.buyers, total.lost) == (len(wanted[Churned.BUYERS]), len(wanted[Churned.LOST]))
        assert {each.owner_id for each in rows_of(company, who, days=180, what="buyers")} == owners


@pytest.mark.spec("LD9.2", "P1.1")
def test_reports_and_rows_are_taken_away_as_sheets(company: Company, buyers: list[Buyer]) -> None:
    def sheet(**asked: Any) -> tuple[list[list[str]], int]:
        kept = door(company).ExportChurn(pb.ExportChurnRequest(request_id=new_id(), form="csv", **asked))
        text = company.files.open(kept.file_id).read().decode("utf-8-sig")
        return list(csv.reader(io.StringIO(text))), kept.rows

    lines, count = sheet(what="churn", by="rep")
    told = report(company, by="rep")
    assert count == len(lines) - 1 == len(told.totals) + len(told.figures)
    assert {(int(each[0]), each[1], int(each[5])) for each in lines[1:]} == {
        (each.days, each.group, each.lost) for each in (*told.totals, *told.figures)
    }
    lines, count = sheet(what="churn_rows", rows="lost", days=90)
    lost = rows_of(company, days=90, what="lost")
    assert (count, {each[0] for each in lines[1:]}) == (len(lost), {each.customer_id for each in lost})
    lines, count = sheet(what="repeat", by="class", days=90)
    assert [each[0] for each in lines[1:]] == ["", "", "KA"]
    lines, count = sheet(what="repeat_rows", rows="repeated", days=90)
    assert count > 0
    assert all(int(each[-1]) > 1 for each in lines[1:])
    kept = door(company).ExportChurn(pb.ExportChurnRequest(request_id=new_id(), form="xlsx", what="churn"))
    book = load_workbook(io.BytesIO(company.files.open(kept.file_id).read()), read_only=True)
    assert len(list(book.worksheets[0].rows)) == 1 + len(WINDOWS)


@pytest.mark.spec("LD13.1")
def test_what_makes_no_sense_is_refused_by_name(company: Company) -> None:
    for as_of in ("2026-02-30", "0001-01-01", "2026-03-11"):
        with pytest.raises(InvalidInput) as refused:
            report(company, as_of=as_of)
        assert [each.field for each in refused.value.violations] == ["as_of"]
    for asked in ({"what": "churn_rows", "rows": "repeated", "days": 30}, {"what": "repeat_rows", "rows": "lost"},
                  {"what": "churn_rows", "rows": "lost", "days": 31}):  # fmt: skip
        with pytest.raises(InvalidInput):
            door(company).ExportChurn(pb.ExportChurnRequest(request_id=new_id(), form="csv", **asked))


@pytest.mark.spec("LD9.2")
def test_without_any_purchase_there_are_no_figures_and_no_rows(company: Company) -> None:
    told = report(company, by="grade")
    assert [(each.days, each.buyers, each.HasField("rate")) for each in told.totals] == [
        (days, 0, False) for days in WINDOWS
    ]
    assert list(told.figures) == rows_of(company, days=30, what="lost") == []
    assert door(company).GetRepeatReport(pb.GetRepeatReportRequest()).total.buyers == 0
