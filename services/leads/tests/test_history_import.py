"""History of the system before: customers, contacts, follow-ups and orders by file, tried and taken in."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import text

from chassis.errors import InvalidInput, PermissionDenied
from chassis.kernel.calendar import SHANGHAI
from chassis.kernel.ids import new_id
from chassis.testing.events import deliver
from chassis.testing.identity import as_manager
from closeloop.leads.v1 import capture_service_pb2 as capture_pb
from closeloop.leads.v1 import customer_service_pb2 as customer_pb
from closeloop.leads.v1 import import_service_pb2 as pb
from closeloop.leads.v1.capture_service_pb2_grpc import CaptureServiceStub
from leads.capture.policy import CapturePolicy
from leads.customer_file.count_completeness import count_uncounted
from leads.customer_file.policy import CompletenessPolicy
from leads.history_import.take_customers import CustomersKind
from leads.imports.run_import import run_imports
from leads.policies import CAPTURE

from .bringing_along import (
    CONTACT,
    CONTACTS,
    CUSTOMER,
    CUSTOMERS,
    FOLLOW_UP,
    FOLLOW_UPS,
    ORDER,
    ORDERS,
    bought,
    customers,
    hospital,
    outcome,
    run,
    told,
)
from .company import Company
from .test_customer_file import CODE, brought, file
from .test_customer_layers import interactions
from .test_import import errors, state, table
from .test_import_revert import revert
from .test_import_trial import door as import_door
from .waiting import publish


@pytest.mark.spec("LD1.6", "LD13.1")
def test_customers_come_in_whole_and_bad_rows_are_named(company: Company) -> None:
    company.hire("E1")
    done = run(
        company, CUSTOMERS, CUSTOMER,
        [
            hospital(uscc=CODE, phone="0571-88880000"),
            hospital("城西学校", "C2", owner="E77"),
            hospital("", "C3"),
            hospital("城北学校", "C4", uscc="123", phone="12", since="2031-01-01"),
            hospital("城东学校", "C5", size="超大"),
            hospital("别名", "", uscc=CODE),  # the first row again
        ],
    )  # fmt: skip
    assert (done.state, done.kind, outcome(done)) == (capture_pb.IMPORT_STATE_DONE, CUSTOMERS, (1, 1, 4))
    assert errors(company, done.import_id) == [
        (2, "owner_id", "E77"), (3, "name", ""), (4, "phone", "12"), (4, "since", "2031-01-01"), (4, "uscc", "123"),
        (5, "size", "超大"),
    ]  # fmt: skip
    found = customers(company)["杭州第一医院"]
    assert (found.owner_id, found.size, found.uscc, found.phone) == ("E1", "large", CODE, "+8657188880000")
    assert found.since.ToDatetime(UTC).astimezone(SHANGHAI).date() == date(2021, 5, 6)
    assert [each.message.customer.name for each in company.events("customers.created")] == ["杭州第一医院"]
    answer = import_door(company).WriteErrorFile(
        pb.WriteErrorFileRequest(request_id=new_id(), import_id=done.import_id)
    )
    assert answer.rows == 4


@pytest.mark.spec("LD1.6")
def test_a_known_customer_is_filled_in_where_it_says_nothing(company: Company) -> None:
    known = brought(company, industry="高校")
    done = run(company, CUSTOMERS, CUSTOMER, [hospital(uscc=CODE)])
    found = customers(company)["杭州第一医院"]
    assert (outcome(done), found.industry, found.size, found.uscc) == ((0, 1, 0), "高校", "large", CODE)
    assert found.customer_id == known.customer_id
    gone = revert(company, done.import_id)
    found = customers(company)["杭州第一医院"]
    assert (gone.touches_removed, found.industry, found.size, found.uscc) == (1, "高校", "", "")
    with company.service.runtime.database.connect() as conn:
        [told] = conn.execute(text("SELECT before, after, why FROM audit_row WHERE action = 'customer.unfill'")).all()
    assert told.before.keys() == told.after.keys() == {"size", "uscc"}
    assert (told.before["size"], told.after["size"], told.why) == ("large", "", "导错文件")


@pytest.mark.spec("LD1.6")
@pytest.mark.parametrize("checkpoint", [1, 500])
def test_rows_see_what_earlier_rows_have_filled_in_wherever_a_chunk_ends(company: Company, checkpoint: int) -> None:
    brought(company, "C9", "城东医院")
    run(company, CUSTOMERS, CUSTOMER, [hospital("城南医院", "")])
    publish(company, CAPTURE, CapturePolicy(import_checkpoint_rows=checkpoint).model_dump(mode="json"))
    done = run(
        company, CUSTOMERS, CUSTOMER,
        [
            hospital("城南医院", "C1"),
            hospital("市城南医院", "C1", phone="0571-88880000"),
            hospital("城北医院", "", size=""),
            hospital("城北医院", "C3", phone="0571-88880003", size="小型"),
            hospital("新医院", "C4", uscc=CODE),
            hospital("城东医院", "C9", uscc=CODE),
        ],
    )  # fmt: skip
    assert (done.state, outcome(done)) == (capture_pb.IMPORT_STATE_DONE, (2, 3, 1))
    assert [each[:2] for each in errors(company, done.import_id)] == [(6, "uscc")]
    found = {name: (each.customer_code, each.uscc, each.phone, each.size) for name, each in customers(company).items()}
    assert found == {
        "城东医院": ("C9", "", "", ""), "城南医院": ("C1", "", "+8657188880000", "large"),
        "城北医院": ("C3", "", "+8657188880003", "small"),
        "新医院": ("C4", CODE, "", "large"),
    }  # fmt: skip
    assert (revert(company, done.import_id).withdrawn, set(customers(company))) == (2, {"城东医院", "城南医院"})


@pytest.mark.spec("LD1.6")
@pytest.mark.parametrize(
    ("kind", "headings", "row"),
    [
        (CUSTOMERS, CUSTOMER, hospital("新客户", "C8")),
        (CONTACTS, CONTACT, ["C1", "", "王院长", "院长", "决策人", "", "13800000001"]),
        (FOLLOW_UPS, FOLLOW_UP, ["C1", "", "2024-03-01 14:30", "拜访", "谈了影像系统", "E0", ""]),
        (ORDERS, ORDER, ["C1", "", "OLD-1", "1200.50", "2024/3/1", "S1"]),
    ],
)
def test_a_dry_run_says_what_would_happen_and_takes_nothing_in(
    company: Company, kind: Any, headings: list[str], row: list[str]
) -> None:
    brought(company)
    before = len(company.events())
    tried = run(company, kind, headings, [row, row], dry_run=True)
    assert (outcome(tried), tried.dry_run) == ((1, 1, 0), True)
    with company.service.runtime.database.connect() as conn:
        for kept in ("customer_contact", "interaction", "purchase"):
            assert conn.scalar(text(f"SELECT count(*) FROM {kept}")) == 0
        assert conn.scalar(text("SELECT count(*) FROM customer")) == 1
    assert {each.type for each in company.events()[before:]} == {"leads.import_progressed"}
    assert outcome(run(company, kind, headings, [row, row])) == (1, 1, 0)
    assert outcome(run(company, kind, headings, [row, row])) == (0, 2, 0)


@pytest.mark.spec("LD1.6")
def test_a_dry_run_knows_the_rows_of_its_earlier_chunks(company: Company) -> None:
    company.hire("E1")
    publish(company, CAPTURE, CapturePolicy(import_checkpoint_rows=1).model_dump(mode="json"))
    rows = [hospital(), hospital("杭州第二医院", "C2"), hospital(), hospital("杭州第二医院", "C2", phone="12")]
    tried = run(company, CUSTOMERS, CUSTOMER, rows, dry_run=True)
    assert outcome(tried) == outcome(run(company, CUSTOMERS, CUSTOMER, rows)) == (2, 1, 1)
    met = import_door(company).ListImportRows(pb.ListImportRowsRequest(import_id=tried.import_id)).rows
    assert [(each.row, each.other_row) for each in met] == [(3, 1)]
    with company.service.runtime.database.connect() as conn:
        assert conn.scalar(text("SELECT count(*) FROM lead_import_seen")) == 0


@pytest.mark.spec("LD1.6", "LD9.1")
def test_a_decision_chain_comes_in_with_who_reports_to_whom(company: Company) -> None:
    customer = brought(company)
    done = run(
        company, CONTACTS, CONTACT,
        [
            ["C1", "", "王院长", "院长", "决策人", "", "13800000001"],
            ["", "杭州第一医院", "李科长", "科长", "把关人", "王院长", ""],
            ["C9", "", "无主", "", "", "", ""],
            ["C1", "", "赵工", "", "老大", "", ""],
            ["C1", "", "钱工", "", "使用人", "孙主任", ""],
        ],
    )  # fmt: skip
    assert outcome(done) == (2, 0, 3)
    assert [each[:2] for each in errors(company, done.import_id)] == [
        (3, "customer_code"), (4, "role"), (5, "reports_to"),
    ]  # fmt: skip
    found = file(company, customer.customer_id).contacts
    assert [(each.name, each.primary, each.reports_to) for each in found] == [
        ("王院长", True, ""), ("李科长", False, found[0].contact_id),
    ]  # fmt: skip
    count_uncounted(company.service.uow, CompletenessPolicy(), 0)
    [listed] = company.customers().ListCustomers(customer_pb.ListCustomersRequest()).completeness
    assert listed.percent == 25


@pytest.mark.spec("LD1.6")
def test_follow_ups_are_in_the_interactions_and_start_no_clock(company: Company) -> None:
    customer = brought(company)
    company.capture(phone="13800000009")
    due = company.next_due()
    done = run(
        company, FOLLOW_UPS, FOLLOW_UP,
        [
            ["C1", "", "2024-03-01 14:30", "拜访", "谈了影像系统", "E0", "报价"],
            ["C1", "", "20240302", "电话", "报价已发", "E1", ""],
            ["C1", "", "2031-01-01", "电话", "未来", "E1", ""],
            ["C1", "", "昨天", "飞鸽", "不明", "E1", ""],
        ],
    )  # fmt: skip
    assert outcome(done) == (2, 0, 2)
    assert [each[:2] for each in errors(company, done.import_id)] == [(3, "at"), (4, "at"), (4, "channel")]
    found = interactions(company, customer.customer_id)
    assert [(each.channel, each.source, each.text, each.by_name) for each in found] == [
        ("call", "migrated", "报价已发", "员工E1"), ("visit", "migrated", "谈了影像系统", ""),
    ]  # fmt: skip
    assert found[1].at.ToDatetime(UTC) == datetime(2024, 3, 1, 6, 30, tzinfo=UTC)
    assert (found[1].next_step, company.next_due()) == ("报价", due)
    assert revert(company, done.import_id).withdrawn == 2
    assert interactions(company, customer.customer_id) == []


@pytest.mark.spec("LD1.6")
def test_a_file_that_came_twice_is_the_first_import_s(company: Company) -> None:
    customer_id = brought(company).customer_id
    rows = [["C1", "", "2024-03-01", "电话", "谈过", "", ""]]
    first = run(company, FOLLOW_UPS, FOLLOW_UP, rows)
    second = run(company, FOLLOW_UPS, FOLLOW_UP, rows)
    assert (outcome(second), revert(company, second.import_id).withdrawn) == ((0, 1, 0), 0)
    assert len(interactions(company, customer_id)) == 1
    assert revert(company, first.import_id).withdrawn == 1


@pytest.mark.spec("LD1.6", "LD9.1")
def test_the_erp_s_own_order_takes_the_place_of_one_brought_along(company: Company) -> None:
    customer_id = brought(company).customer_id
    deliver(company.service, told("SO3"))
    rows = [["C1", "", f"SO{n}", "1,200.50", "2024-03-01", "S1"] for n in range(1, 4)]
    done = run(company, ORDERS, ORDER, rows)
    assert outcome(done) == (2, 1, 0)
    deliver(company.service, told("SO2"))
    assert bought(company, customer_id) == {"SO1": ("migrated", 120050), "SO2": ("erp", 99), "SO3": ("erp", 99)}
    assert revert(company, done.import_id).withdrawn == 1
    assert set(bought(company, customer_id)) == {"SO2", "SO3"}


class Broken(CustomersKind):
    """Can neither be taken in nor back, for a reason that nobody foresaw."""

    def take(self, tx: Any, lines: Any, row: Any) -> Any:
        raise ZeroDivisionError

    take_back = take


@pytest.mark.spec("LD1.6")
def test_an_import_that_fails_again_and_again_comes_to_an_end(company: Company) -> None:
    company.hire("E1")
    broken = replace(company.app.importer, history={"customers": Broken()})
    file_id = company.put_file(table([hospital()], headings=CUSTOMER))
    request = capture_pb.StartImportRequest(request_id=new_id(), file_id=file_id, channel="old_crm", kind=CUSTOMERS)
    import_id = getattr(company.capture_service().StartImport(request), "import").import_id
    for _ in range(4):
        run_imports(broken)
        assert state(company, import_id).state == capture_pb.IMPORT_STATE_RUNNING
    run_imports(broken)
    done = state(company, import_id)
    assert (done.state, done.rows_read) == (capture_pb.IMPORT_STATE_FAILED, 0)
    assert done.error == (
        "在第 0 行之后已失败 5 次（ZeroDivisionError），详见服务日志。 / "
        "It failed 5 times behind row 0 (ZeroDivisionError); the service's log says more."
    )
    assert run_imports(company.app.importer) == 0


@pytest.mark.spec("LD1.6")
def test_a_name_that_several_bear_needs_a_number_too(company: Company) -> None:
    brought(company, "C1", "城西小学")
    brought(company, "C2", "城西小学")
    done = run(company, FOLLOW_UPS, FOLLOW_UP, [["", "城西小学", "2024-03-01", "电话", "谈过", "", ""]])
    assert errors(company, done.import_id) == [(1, "customer_name", "城西小学")]
    done = run(company, FOLLOW_UPS, FOLLOW_UP, [["C2", "城西小学", "2024-03-01", "电话", "谈过", "", ""]])
    assert outcome(done) == (1, 0, 0)


@pytest.mark.spec("LD1.6")
def test_how_columns_were_read_is_remembered_by_kind(company: Company) -> None:
    brought(company)
    headings, row = ["户号", "谁", "何时", "说了什么"], ["C1", "x", "2024-03-01", "谈过"]
    mapping = {"户号": "customer_code", "何时": "at", "说了什么": "text"}
    assert outcome(run(company, FOLLOW_UPS, headings, [row], mapping=mapping)) == (1, 0, 0)
    request = pb.PreviewImportRequest(
        request_id=new_id(),
        file_id=company.put_file(table([row], headings=headings)),
        channel="old_crm",
        kind=FOLLOW_UPS,
    )
    columns = import_door(company).PreviewImport(request).columns
    assert {each.heading: (each.field, each.by) for each in columns if each.field} == {
        "户号": ("customer_code", "remembered"), "何时": ("at", "remembered"), "说了什么": ("text", "remembered"),
    }  # fmt: skip
    request.kind, request.request_id = ORDERS, new_id()
    assert list(import_door(company).PreviewImport(request).missing) == ["order_number", "amount", "signed_on"]
    failed = run(company, ORDERS, headings, [row])
    assert (failed.state, "订单号" in failed.error) == (capture_pb.IMPORT_STATE_FAILED, True)
    with pytest.raises(InvalidInput):
        run(company, ORDERS, headings, [row], mapping={"户号": "company_name"})


@pytest.mark.spec("LD1.6")
def test_a_manager_brings_leads_along_but_no_history(company: Company) -> None:
    stub = CaptureServiceStub(company.rpc(company.service, as_=as_manager()))
    request = capture_pb.StartImportRequest(
        request_id=new_id(), file_id=company.put_file(b"a"), channel="old_crm", kind=ORDERS
    )
    with pytest.raises(PermissionDenied):
        stub.StartImport(request)
    request.kind, request.request_id = capture_pb.IMPORT_KIND_LEADS, new_id()
    assert getattr(stub.StartImport(request), "import").kind == capture_pb.IMPORT_KIND_LEADS
