"""A whole import is taken back: what nobody has touched goes, the rest is named."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from chassis.errors import FailedPrecondition, NotFound
from chassis.kernel.ids import new_id
from chassis.testing.identity import as_hq, as_manager
from closeloop.leads.v1 import assignment_service_pb2 as assignment_pb
from closeloop.leads.v1 import capture_service_pb2 as capture_pb
from closeloop.leads.v1 import duplicate_service_pb2 as duplicate_pb
from closeloop.leads.v1 import import_service_pb2 as pb
from closeloop.leads.v1 import lead_pb2
from closeloop.leads.v1 import lead_service_pb2 as lead_pb
from closeloop.leads.v1.duplicate_service_pb2_grpc import DuplicateServiceStub
from leads.imports.revert_rules import why_it_stays
from leads.imports.run_import import run_imports

from .company import Company
from .test_import import line, run, start, state, table
from .test_import_trial import door


def revert(company: Company, import_id: str) -> capture_pb.Import:
    company.clock.advance(timedelta(minutes=1))
    request = pb.RevertImportRequest(request_id=new_id(), import_id=import_id, reason="导错文件")
    started = getattr(door(company).RevertImport(request), "import")
    assert started.state == capture_pb.IMPORT_STATE_REVERTING
    run_imports(company.app.importer)
    return state(company, import_id)


def brought(company: Company, import_id: str) -> dict[str, lead_pb2.Lead]:
    answer = company.leads().ListLeads(lead_pb.ListLeadsRequest(import_id=import_id))
    return {each.company_name: each for each in answer.leads}


@pytest.mark.spec("LD1.6")
def test_leads_nobody_has_touched_go_with_their_clocks_owners_and_load(company: Company) -> None:
    company.hire("E1", "E2")
    done = run(company, table([line(n) for n in range(1, 7)]))
    assert {each.state for each in brought(company, done.import_id).values()} == {lead_pb2.LEAD_STATE_ASSIGNED}
    gone = revert(company, done.import_id)
    assert (gone.state, gone.withdrawn, gone.kept) == (capture_pb.IMPORT_STATE_REVERTED, 6, 0)
    leads = brought(company, done.import_id).values()
    assert {(each.state, each.owner_id) for each in leads} == {(lead_pb2.LEAD_STATE_WITHDRAWN, "")}
    assert company.next_due() is None
    with company.service.runtime.database.connect() as conn:
        assert conn.scalar(text("SELECT sum(open_a + open_b + open_c) FROM rep")) == 0
        assert conn.scalar(text("SELECT count(*) FROM assignment WHERE ended_at IS NULL")) == 0
        ends = conn.execute(text("SELECT DISTINCT end_kind FROM assignment")).scalars().all()
        audited = conn.scalar(text("SELECT count(*) FROM audit_row WHERE action = 'lead.withdraw'"))
    assert (list(ends), audited) == (["withdrawn"], 6)
    told = [each.message for each in company.events("leads.withdrawn")]
    assert {each.previous_owner_id for each in told} == {"E1", "E2"}
    # What was withdrawn is no duplicate of what comes next.
    assert company.capture(phone="13800000001").outcome == capture_pb.CAPTURE_OUTCOME_CREATED


@pytest.mark.spec("LD1.6")
def test_leads_that_somebody_has_touched_stay_and_are_named(company: Company) -> None:
    company.hire("E1")
    done = run(company, table([line(n) for n in range(1, 6)]))
    leads = {name[3]: lead for name, lead in brought(company, done.import_id).items()}
    company.accept(leads["1"])
    company.capture("杭州第2科技有限公司", phone="13800000002", channel="expo")
    grading = lead_pb.GradeLeadRequest(
        request_id=new_id(), lead_id=leads["3"].lead_id, grade=lead_pb2.GRADE_C, reason="电话核实"
    )
    company.leads().GradeLead(grading)
    company.hire("E2")
    by_hand = assignment_pb.AssignLeadRequest(
        request_id=new_id(), lead_id=leads["4"].lead_id, employee_id="E2", reason="熟悉客户"
    )
    company.assignment(as_manager()).AssignLead(by_hand)

    reverted = revert(company, done.import_id)
    assert (reverted.withdrawn, reverted.kept) == (1, 4)
    answer = door(company).ListKeptLeads(pb.ListKeptLeadsRequest(import_id=done.import_id))
    assert {each.lead_id: each.why for each in answer.leads} == {
        leads["1"].lead_id: "Its owner has accepted it.",
        leads["2"].lead_id: "It came in again from elsewhere.",
        leads["3"].lead_id: "Somebody has graded it.",
        leads["4"].lead_id: "Somebody chose its owner.",
    }
    assert company.get(leads["1"].lead_id).state == lead_pb2.LEAD_STATE_ACCEPTED
    with company.service.runtime.database.connect() as conn:
        assert conn.scalar(text("SELECT sum(open_a + open_b + open_c) FROM rep")) == 4


@pytest.mark.spec("LD1.6", "LD1.4")
def test_leads_that_were_merged_stay_both(company: Company) -> None:
    company.hire("E1")
    done = run(company, table([line(1), line(2), line(3)]))
    first, second, _ = sorted(each.lead_id for each in brought(company, done.import_id).values())
    merging = duplicate_pb.MergeLeadsRequest(request_id=new_id(), lead_id=first, merged_lead_id=second, reason="同一家")
    DuplicateServiceStub(company.rpc(company.service, as_=as_hq())).MergeLeads(merging)
    reverted = revert(company, done.import_id)
    assert (reverted.state, reverted.withdrawn, reverted.kept) == (capture_pb.IMPORT_STATE_REVERTED, 1, 2)
    answer = door(company).ListKeptLeads(pb.ListKeptLeadsRequest(import_id=done.import_id))
    assert {each.why for each in answer.leads} == {"It was merged with another lead."}


@pytest.mark.spec("LD1.6", "LD1.3")
def test_touches_it_appended_to_other_leads_are_taken_off(company: Company) -> None:
    company.hire("E1")
    known = company.capture(phone="13800000001").lead
    company.clock.advance(timedelta(days=1))
    done = run(company, table([line(1), line(2), line(1)]))
    assert company.get(known.lead_id).touches == 3
    reverted = revert(company, done.import_id)
    assert (reverted.withdrawn, reverted.touches_removed) == (1, 2)
    again = company.get(known.lead_id)
    assert (again.touches, again.state) == (1, lead_pb2.LEAD_STATE_ASSIGNED)
    with company.service.runtime.database.connect() as conn:
        at_capture = text("SELECT last_touch_at = captured_at FROM lead WHERE lead_id = :id")
        assert conn.scalar(at_capture, {"id": known.lead_id}) is True
        assert conn.scalar(text("SELECT count(*) FROM touch WHERE lead_id = :id"), {"id": known.lead_id}) == 1
    assert company.timeline(known.lead_id)[-1] == "touch_removed"


@pytest.mark.spec("LD1.6")
def test_only_a_real_import_that_is_over_is_reverted_and_only_once(company: Company) -> None:
    tried = run(company, table([line(1)]), dry_run=True)
    running = start(company, table([line(1)]))
    for import_id in (tried.import_id, running):
        with pytest.raises(FailedPrecondition) as refused:
            revert(company, import_id)
        assert refused.value.reason == "IMPORT_NOT_REVERTIBLE"
    run_imports(company.app.importer)
    revert(company, running)
    with pytest.raises(FailedPrecondition):
        revert(company, running)
    foreign = door(company, as_manager("M9", "/HQ/WEST/CD1/"))
    with pytest.raises(NotFound):
        foreign.RevertImport(pb.RevertImportRequest(request_id=new_id(), import_id=running, reason="x"))


@pytest.mark.spec("LD1.6")
def test_what_the_clocks_and_the_queue_did_touches_nothing() -> None:
    assert (
        why_it_stays(["captured", "assigned", "reminded", "overdue", "recycled"], ["automatic"], other_touches=False)
        is None
    )
    assert why_it_stays(["captured", "estimated"], ["automatic"], other_touches=False) == (
        "Somebody has estimated it.",
        "已有人工赢率。",
    )
    assert why_it_stays(["captured", "novel"], [], other_touches=False) == (
        "Somebody has worked on it since.",
        "导入后已有人处理。",
    )


@pytest.mark.spec("LD1.6")
def test_a_recycled_lead_of_the_import_is_taken_back_from_the_pool(company: Company) -> None:
    company.hire("E1")
    done = run(company, table([line(1)]))
    company.pass_time(company.clock.now() + timedelta(days=3))
    assert [each.state for each in brought(company, done.import_id).values()] == [lead_pb2.LEAD_STATE_RECYCLED]
    assert revert(company, done.import_id).withdrawn == 1
