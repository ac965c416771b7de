"""What a notice says, and what its notices make of a tender."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.kernel.money import Money
from integration.tenders.rules import Kind, Notice, State, kind_of, tender_key, tender_of
from integration.tenders.text_rules import amount_of, instant_of, labelled

AT = datetime(2026, 3, 10, 2, tzinfo=UTC)


def notice(**changes: object) -> Notice:
    told = Notice(
        "ccgp", "1", Kind.CALL, "ZJ-2026-001", "影像系统采购项目公开招标公告", "杭州第一医院", "浙江省杭州市",
        Money.of("1200000"), AT, AT + timedelta(days=20), "https://ccgp.example/1",
    )  # fmt: skip
    return replace(told, **changes)  # type: ignore[arg-type]


@pytest.mark.spec("N1.1")
@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("影像系统采购项目公开招标公告", Kind.CALL),
        ("影像系统采购项目更正公告", Kind.CORRECTION),
        ("影像系统采购项目废标公告", Kind.CANCELLED),
        ("影像系统采购项目中标结果更正公告", Kind.AWARD),
        ("影像系统采购项目终止公告", Kind.CANCELLED),
        ("影像系统采购项目成交公告", Kind.AWARD),
        ("影像系统采购项目延期开标的通知", Kind.CORRECTION),
    ],
)
def test_the_title_tells_what_kind_of_notice_it_is(title: str, kind: Kind) -> None:
    assert kind_of(title) is kind


@pytest.mark.spec("N1.1")
def test_one_project_on_two_sites_is_one_tender() -> None:
    assert tender_key("a", "1", "ZJ-2026-001 ") == tender_key("b", "9", "ｚj-2026-001") == "ZJ-2026-001"
    assert tender_key("a", "1", "详见公告") == "a:1"
    assert tender_key("a", "1", "") != tender_key("b", "1", "")


@pytest.mark.spec("N1.3")
def test_a_correction_overrules_what_it_names_and_nothing_else() -> None:
    later = notice(
        number="2", kind=Kind.CORRECTION, title="更正公告", buyer="", region="", budget=Money.of("900000"),
        deadline_at=None, published_at=AT + timedelta(days=3),
    )  # fmt: skip
    told = tender_of([later, notice()])
    assert (told.title, told.buyer, told.budget, told.state) == (
        "影像系统采购项目公开招标公告", "杭州第一医院", Money.of("900000"), State.OPEN,
    )  # fmt: skip
    assert told.deadline_at == AT + timedelta(days=20)


@pytest.mark.spec("N1.3")
def test_an_end_is_final_and_an_award_names_no_budget() -> None:
    award = notice(number="3", kind=Kind.AWARD, budget=Money.of("1150000"), published_at=AT + timedelta(days=30))
    copied = notice(site="copy", published_at=AT + timedelta(days=31))
    told = tender_of([award, notice(), copied])
    assert (told.state, told.budget) == (State.AWARDED, Money.of("1200000"))
    end = notice(number="4", kind=Kind.CANCELLED, published_at=AT + timedelta(days=40))
    assert tender_of([end, award, notice()]).state is State.CANCELLED


NOTICES = st.builds(
    notice,
    site=st.sampled_from(["a", "b"]),
    number=st.sampled_from(["1", "2", "3"]),
    kind=st.sampled_from(list(Kind)),
    title=st.sampled_from(["甲", "乙"]),
    buyer=st.sampled_from(["", "医院"]),
    budget=st.one_of(st.none(), st.integers(1, 10**9).map(Money)),
    published_at=st.integers(0, 3).map(lambda days: AT + timedelta(days=days)),
)


@pytest.mark.spec("N1.3")
@given(st.lists(NOTICES, min_size=1, max_size=6, unique_by=lambda each: (each.site, each.number)), st.randoms())
def test_the_order_of_arrival_changes_nothing(notices: list[Notice], chance: object) -> None:
    shuffled = list(notices)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert tender_of(shuffled) == tender_of(notices)


TEXT = """一、项目基本情况
项目编号：ZJ-2026-001
采购项目 预算金额（万元）：120
采购人名称： 杭州第一医院；地址：杭州市
投标截止时间：2026年04月01日 09:30（北京时间）
"""


@pytest.mark.spec("N1.1")
def test_values_are_found_behind_their_labels() -> None:
    assert labelled(TEXT, ["采购编号", "项目编号"]) == "ZJ-2026-001"
    assert labelled(TEXT, ["采购人名称"]) == "杭州第一医院"
    assert amount_of(labelled(TEXT, ["预算金额"])) == Money.of("1200000")
    assert instant_of(labelled(TEXT, ["投标截止时间"])) == datetime(2026, 4, 1, 1, 30, tzinfo=UTC)
    assert labelled(TEXT, ["中标金额"]) == ""


@pytest.mark.parametrize(
    ("text", "yuan"),
    [("￥1,200,000.00元", "1200000"), ("120万元", "1200000"), ("1.5亿元", "150000000"), ("8.005万", "80050"),
     ("详见招标文件", None), ("9999999999999万元", None), ("1200000", "1200000"),
     ("人民币 约￥1,200,000.00（含税）", "1200000"), ("120元", "120"), ("￥120", "120"), ("第1包 ￥120", None),
     ("第1包：120万元", "1200000"), ("1标段120万元；2标段80万元", "1200000"), ("2024年预算120万元", "1200000"),
     ("第1包，120万元", "1200000"), ("第1、2包共1,200,000.00元", "1200000"), ("第1包：120", None),
     ("2024年预算详见附件", None), ("1、2包：详见附件", None), ("1,2包：详见附件", None), ("1.5%", None),
     ("1.23456789万元", None)],
)  # fmt: skip
def test_amounts_as_people_write_them(text: str, yuan: str | None) -> None:
    assert amount_of(text) == (Money.of(yuan) if yuan else None)


@pytest.mark.parametrize(
    ("text", "at"),
    [("2026-03-10", "2026-03-09T16:00:00+00:00"), ("2026/3/10 18:05", "2026-03-10T10:05:00+00:00"),
     ("2026年3月10日 9时30", "2026-03-10T01:30:00+00:00"), ("2026-03-10T10:00:00+08:00", "2026-03-10T02:00:00+00:00"),
     ("2026-02-30", None), ("昨天", None), ("2026-03-10 25:00", None)],
)  # fmt: skip
def test_days_as_sites_write_them(text: str, at: str | None) -> None:
    assert instant_of(text) == (datetime.fromisoformat(at) if at else None)
