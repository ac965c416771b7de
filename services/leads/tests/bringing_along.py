"""Files of the system before, and what came of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from chassis.kernel.ids import new_id
from closeloop.common.v1.money_pb2 import Money
from closeloop.integration.v1.events_pb2 import OrderFacts, OrderReceived
from closeloop.leads.v1 import capture_service_pb2 as capture_pb
from closeloop.leads.v1 import customer_file_service_pb2 as file_pb
from closeloop.leads.v1 import customer_service_pb2 as customer_pb
from leads.imports.run_import import run_imports

from .company import Company, stamp
from .test_customer_file import door
from .test_import import state, table

CUSTOMERS, CONTACTS = capture_pb.IMPORT_KIND_CUSTOMERS, capture_pb.IMPORT_KIND_CONTACTS
FOLLOW_UPS, ORDERS = capture_pb.IMPORT_KIND_FOLLOW_UPS, capture_pb.IMPORT_KIND_ORDERS
CUSTOMER = ["客户名称", "客户编号", "统一社会信用代码", "电话", "行业", "企业规模", "工号", "建档日期"]
CONTACT = ["客户编号", "客户名称", "联系人", "职务", "决策角色", "上级", "手机"]
FOLLOW_UP = ["客户编号", "客户名称", "跟进时间", "跟进方式", "跟进内容", "工号", "下一步"]
ORDER = ["客户编号", "客户名称", "订单号", "金额", "签订日期", "门店"]


def run(company: Company, kind: Any, headings: list[str], rows: list[list[str]], **changes: Any) -> capture_pb.Import:
    request = capture_pb.StartImportRequest(
        request_id=new_id(), file_id=company.put_file(table(rows, headings=headings)), channel="old_crm", kind=kind,
        **changes,
    )  # fmt: skip
    import_id = getattr(company.capture_service().StartImport(request), "import").import_id
    run_imports(company.app.importer)
    return state(company, import_id)


def hospital(name: str = "杭州第一医院", code: str = "C1", **changes: str) -> list[str]:
    row = {"uscc": "", "phone": "", "industry": "医院", "size": "大型", "owner": "E1", "since": "2021-05-06"} | changes
    return [name, code, *row.values()]


def customers(company: Company) -> dict[str, customer_pb.Customer]:
    listed = company.customers().ListCustomers(customer_pb.ListCustomersRequest()).customers
    return {each.name: each for each in listed}


def outcome(done: capture_pb.Import) -> tuple[int, int, int]:
    return done.created, done.appended, done.failed


def told(number: str) -> OrderReceived:
    facts = OrderFacts(
        order_id=number, version=1, customer_code="C1", amount=Money(fen=99, currency="CNY"),
        signed_at=stamp(datetime(2024, 3, 1, tzinfo=UTC)), state="active",
    )  # fmt: skip
    return OrderReceived(order_id=number, order=facts)


def bought(company: Company, customer_id: str) -> dict[str, tuple[str, int]]:
    answer = door(company).ListPurchases(file_pb.ListPurchasesRequest(customer_id=customer_id))
    return {each.order_number: (each.source, each.amount.fen) for each in answer.purchases}
