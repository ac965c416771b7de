"""Both sides check off what moved, customers are told of their new owner, and the report tells how it went (LD10.1)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from chassis.errors import FailedPrecondition, NotFound, PermissionDenied
from chassis.kernel.ids import new_id
from chassis.testing.events import deliver
from chassis.testing.identity import as_hq, as_manager
from closeloop.leads.v1 import handover_service_pb2 as pb
from leads import tables
from leads.handover.report_rules import Through, report, times

from .company import Company, stamp
from .customer_grading import grade, parts, regraded
from .handing_over import (
    check_off,
    customers,
    door,
    fire,
    handovers,
    instant_of,
    items,
    leave,
    lose,
    manager,
    moved,
    rep,
    the_handover,
    wait_for_the_move,
)


def complete(company: Company) -> None:
    """Nothing is missing in any file: the policy asks for nothing but the name's class."""
    with company.service.runtime.database.begin() as conn:
        conn.execute(
            update(tables.customer).values(
                uscc=tables.customer.c.customer_code, customer_class="商用", industry="教育", size="50",
                province="浙江", city="杭州", address="文一路", phone="+8613800000000", needs="设备",
            )
        )  # fmt: skip
        for customer_id in conn.scalars(select(tables.customer.c.customer_id)).all():
            who = {"customer_id": customer_id, "added_by": "E1", "added_at": company.clock.now()}
            conn.execute(
                tables.customer_contact.insert().values(
                    contact_id=new_id(), name="王总", role="decision_maker", is_primary=True, phone="+861", **who
                )
            )
            for kind in ("qualification", "product_certificate"):
                conn.execute(
                    tables.customer_credential.insert().values(
                        credential_id=new_id(), kind=kind, name="证", number="1", **who
                    )
                )


@pytest.mark.spec("LD10.1")
def test_both_sides_check_off_and_the_two_times_stand_apart(company: Company) -> None:
    found = moved(company)
    complete(company)
    company.clock.advance(timedelta(hours=3))
    done = check_off(company, found.handover_id, manager(), "giver")
    assert (done.checked, done.closed) == (2, False)
    company.clock.advance(timedelta(hours=1))
    done = check_off(company, found.handover_id, rep("E2"), "taker")
    assert (done.checked, done.closed, list(done.left)) == (2, True, [])
    found = the_handover(company)
    assert (found.state, found.giver_checked, found.taker_checked) == (pb.HANDOVER_STATE_CLOSED, 2, 2)
    assert (found.seconds_to_move, found.seconds_to_check_off) == (90 * 60, 4 * 3600)
    (told,) = company.events("customers.handover_closed")
    assert (told.message.outcome, told.message.seconds_to_check_off) == ("done", 4 * 3600)
    one = items(company, found.handover_id)[0]
    assert (one.giver.by, one.taker.by, one.taker.remark) == ("M1", "E2", "已当面核对")


@pytest.mark.spec("LD10.1", "LD9.1")
def test_a_file_below_97_percent_is_not_checked_off_before_its_gaps_are_named_and_accepted(company: Company) -> None:
    found = moved(company)
    complete(company)
    first, second = items(company, found.handover_id)
    with company.service.runtime.database.begin() as conn:
        conn.execute(
            update(tables.customer).where(tables.customer.c.customer_id == first.subject_id).values(needs="", uscc="")
        )
    done = check_off(company, found.handover_id, rep("E2"), "taker")
    assert done.checked == 1
    (left,) = done.left
    assert (left.item_id, left.completeness) == (first.item_id, 78)
    assert [each.label_zh for each in left.missing] == ["统一社会信用代码", "需求"]
    with pytest.raises(FailedPrecondition) as refused:
        check_off(company, found.handover_id, rep("E2"), "taker", first.item_id)
    assert refused.value.reason == "FILE_INCOMPLETE"
    assert [each.name for each in refused.value.missing] == ["uscc", "needs"]
    assert check_off(company, found.handover_id, rep("E2"), "taker", accept_gaps=True).checked == 1
    accepted = {each.item_id: [gap.field for gap in each.accepted_gaps] for each in items(company, found.handover_id)}
    assert accepted == {first.item_id: ["uscc", "needs"], second.item_id: []}


@pytest.mark.spec("LD10.1", "P1.4")
def test_each_checks_off_the_own_side_only(company: Company) -> None:
    found = moved(company)
    one, *_ = items(company, found.handover_id)
    for who, side in ((rep("E2"), "giver"), (manager(), "taker")):
        with pytest.raises(PermissionDenied) as refused:
            check_off(company, found.handover_id, who, side, one.item_id)
        assert refused.value.reason == "NOT_YOUR_SIDE"
    for stranger in (rep("E7"), as_manager("M9", "/HQ/WEST/CD1/")):
        with pytest.raises(NotFound):
            check_off(company, found.handover_id, stranger, "taker")


@pytest.mark.spec("LD10.1", "P1.4")
def test_the_giver_who_is_still_there_checks_off_and_sees_all_a_taker_sees_the_own_part(company: Company) -> None:
    company.hire("M2", position="team_manager", duties=["manager"], manager_id="D1", unit="/HQ/WEST/CD1/")
    company.hire("E1", "E2", "E3")
    customers(company, "E1", 2)
    deliver(company.service, company.employee("E1", version=2, unit="/HQ/WEST/CD1/", manager_id="M2"))
    fire(company)
    found = the_handover(company)
    wait_for_the_move(company)
    assert check_off(company, found.handover_id, rep("E1"), "giver").checked == 2
    assert len(items(company, found.handover_id, rep("E1"))) == 2
    (own,) = items(company, found.handover_id, rep("E2"))
    assert own.taker_id == "E2"
    assert handovers(company, rep("E7")) == []
    with pytest.raises(PermissionDenied):
        check_off(company, found.handover_id, manager(), "giver")


@pytest.mark.spec("LD10.1")
def test_before_the_move_a_taker_has_nothing_to_check_off(company: Company) -> None:
    company.hire("E1", "E2")
    customers(company, "E1", 1)
    leave(company, "E1")
    with pytest.raises(FailedPrecondition) as refused:
        check_off(company, the_handover(company).handover_id, manager(), "giver")
    assert refused.value.reason == "HANDOVER_IS_OVER"


@pytest.mark.spec("LD10.1")
def test_takers_and_manager_are_reminded_until_everything_is_checked_off(company: Company) -> None:
    found = moved(company)
    company.pass_time(company.clock.now() + timedelta(days=2))
    reminded = [each.message for each in company.events("customers.handover_reminded")]
    assert [(each.step, list(each.people), each.left) for each in reminded] == [("check_off", ["E2"], 2)] * 2
    check_off(company, found.handover_id, rep("E2"), "taker", accept_gaps=True)
    company.pass_time(company.clock.now() + timedelta(days=1))
    (*_, last) = company.events("customers.handover_reminded")
    assert list(last.message.people) == [], "the giver's side is left, which the manager does"
    check_off(company, found.handover_id, manager(), "giver")
    told = len(company.events("customers.handover_reminded"))
    company.pass_time(company.clock.now() + timedelta(days=10))
    assert len(company.events("customers.handover_reminded")) == told
    assert company.next_due() is None


def inform(company: Company, handover_id: str, *item_ids: str, as_: Any = None) -> int:
    request = pb.InformCustomersRequest(
        request_id=new_id(), handover_id=handover_id, item_ids=item_ids, channel="wechat"
    )
    return int(door(company, as_ or rep("E2")).InformCustomers(request).informed)


@pytest.mark.spec("LD10.1")
def test_the_new_owner_tells_the_customer_with_the_words_of_the_template(company: Company) -> None:
    found = moved(company)
    one, other = items(company, found.handover_id)
    assert one.message_zh.startswith("尊敬的第1客户有限公司：即日起由员工E2接替员工E1为您服务。")
    assert one.message.startswith("Dear 第1客户有限公司, from today 员工E2 looks after you in place of 员工E1.")
    assert inform(company, found.handover_id, one.item_id) == 1
    assert inform(company, found.handover_id) == 1, "who was told is not told again"
    with company.service.runtime.database.connect() as conn:
        told = conn.execute(select(tables.interaction).order_by(tables.interaction.c.at)).all()
    assert {(row.customer_id, row.channel, row.source) for row in told} == {
        (one.subject_id, "wechat", "handover"), (other.subject_id, "wechat", "handover"),
    }  # fmt: skip
    assert one.message_zh in {row.text for row in told}
    assert the_handover(company).informed == 2
    regraded(company)
    assert parts(grade(company, one.subject_id))["relationship"] is not None, "it is a contact as any other"
    with pytest.raises(PermissionDenied):
        inform(company, found.handover_id, as_=manager())


@pytest.mark.spec("LD10.1")
def test_the_report_tells_the_two_times_and_the_loss_with_their_rows(company: Company) -> None:
    found = moved(company)
    company.clock.advance(timedelta(hours=5))
    check_off(company, found.handover_id, manager(), "giver")
    check_off(company, found.handover_id, rep("E2"), "taker", accept_gaps=True)
    lose(company, found.handover_id, items(company, found.handover_id)[0].item_id)
    customers(company, "E2", 1, first=9)
    company.hire("E3")
    leave(company, "E2")
    told = door(company).ReportHandovers(pb.ReportHandoversRequest())
    assert (told.handovers, told.customers, told.lost, told.loss_rate) == (2, 2, 1, 0.5)
    assert (told.to_move.count, told.to_move.mean, told.in_time) == (1, 5400, 1)
    assert (told.to_check_off.count, told.to_check_off.p90) == (1, 5 * 3600)
    assert sorted(each.employee_id for each in told.slowest) == ["E1", "E2"]
    opened = instant_of(found.opened_at)
    only = door(company, as_hq()).ReportHandovers(pb.ReportHandoversRequest(since=stamp(opened + timedelta(seconds=1))))
    assert only.handovers == 1
    assert door(company, as_manager("M9", "/HQ/WEST/CD1/")).ReportHandovers(pb.ReportHandoversRequest()).handovers == 0


@pytest.mark.spec("LD10.1")
@given(seconds=st.lists(st.integers(0, 10**6).map(float), min_size=1, max_size=40))
def test_nine_of_ten_took_no_longer_than_p90(seconds: list[float]) -> None:
    found = times(seconds)
    assert found.p90 is not None
    assert found.mean is not None
    assert sum(each <= found.p90 for each in seconds) * 10 >= len(seconds) * 9
    assert min(seconds) - 0.1 <= found.mean <= max(seconds) + 0.1


@pytest.mark.spec("LD10.1")
def test_a_handover_under_way_counts_for_no_time(company: Company) -> None:
    now = company.clock.now()
    found = report([Through(now, None, None, 0, 0)], timedelta(hours=2))
    assert (found.handovers, found.to_move.count, found.in_time, found.rate) == (1, 0, None, None)
