"""Cells of history files as lines, or all that is wrong with them (LD13.1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, time

from chassis.errors import InvalidInput, Violation
from chassis.kernel.calendar import instant
from chassis.kernel.money import Money
from leads.customer_file.contact_rules import Role
from leads.history_import.form_rules import CONTACTS, CUSTOMERS, FOLLOW_UPS, ORDERS
from leads.history_import.line_rules import ContactLine, CustomerLine, FollowUpLine, OrderLine, Whose
from leads.imports import cell_rules as cells_as
from leads.imports.cell_rules import CellProblem, Reader, cell_values, formula_errors, past, too_long
from leads.imports.row_rules import Form
from leads.normalise.name_rules import name_key, place_name
from leads.normalise.number_rules import FieldProblem, e164, valid_uscc

_SIZES = {"微型": "micro", "小型": "small", "中型": "medium", "大型": "large"}
_ROLES = {
    "决策人": Role.DECISION_MAKER,
    "决策者": Role.DECISION_MAKER,
    "影响人": Role.INFLUENCER,
    "影响者": Role.INFLUENCER,
    "使用人": Role.USER,
    "使用者": Role.USER,
    "把关人": Role.GATEKEEPER,
    "把关者": Role.GATEKEEPER,
}
_CHANNELS = {
    "电话": "call",
    "微信": "wechat",
    "企业微信": "wechat",
    "企微": "wechat",
    "拜访": "visit",
    "上门拜访": "visit",
    "会议": "meeting",
    "邮件": "email",
    "邮箱": "email",
    "其他": "form",
    "表单": "form",
}
_LONGEST = {
    "name": 200,
    "customer_code": 60,
    "customer_class": 20,
    "industry": 60,
    "province": 40,
    "city": 40,
    "address": 200,
    "needs": 2000,
    "title": 100,
    "wecom_id": 100,
    "email": 200,
    "need": 500,
    "text": 4000,
    "next_step": 500,
    "external_id": 100,
    "order_number": 60,
    "contract_number": 60,
    "store": 60,
    "owner_id": 40,
    "by": 40,
    "salesperson_id": 40,
}


class _Cells:
    """The cells of one row, and all that is wrong with them."""

    def __init__(self, cells: Sequence[str], columns: Mapping[str, int], width: int, form: Form) -> None:
        self.values = cell_values(cells, columns, width)
        self.problems = [*too_long(self.values, _LONGEST), *formula_errors(self.values)]
        self.problems += [Violation(each, "is required.", "不能为空。") for each in form.required if not self(each)]
        self.read = Reader(self.values, self.problems)

    def __call__(self, field: str) -> str:
        return self.values.get(field, "")

    def phone(self) -> str:
        return self._numbers("phone", e164)

    def whose(self, name_field: str) -> Whose:
        name = self(name_field)
        found = Whose(self("customer_code"), self._numbers("uscc", valid_uscc), name_key(name) if name else "")
        if found == Whose():
            en, zh = "or another column has to name the customer.", "或其他列须指明客户。"
            self.problems.append(Violation("customer_code", en, zh))
        return found

    def _numbers(self, field: str, read: Callable[[str], str]) -> str:
        try:
            return read(self(field))
        except FieldProblem as problem:
            self.problems.append(Violation(field, problem.violation.en, problem.violation.zh))
        return ""

    def past(self, field: str, at: datetime | None, now: datetime) -> None:
        self.problems += past(field, at, now)

    def check(self) -> None:
        """Raises InvalidInput."""
        if self.problems:
            raise InvalidInput.of(*self.problems)


def read_customer(cells: Sequence[str], columns: Mapping[str, int], width: int, now: datetime) -> CustomerLine:
    """Raises InvalidInput with every cell that can't be read; so do the others."""
    cell = _Cells(cells, columns, width, CUSTOMERS)
    since = cell.read("since", cells_as.moment)
    cell.past("since", since, now)
    line = CustomerLine(
        name=cell("name"),
        whose=cell.whose("name"),
        phone=cell.phone(),
        customer_class=cell("customer_class"),
        grade=cell.read("grade", cells_as.grade),
        industry=cell("industry"),
        size=cell.read("size", _size) or "",
        province=place_name(cell("province")),
        city=place_name(cell("city")),
        address=cell("address"),
        needs=cell("needs"),
        owner_id=cell("owner_id"),
        since=since,
    )
    cell.check()
    return line


def read_contact(cells: Sequence[str], columns: Mapping[str, int], width: int, now: datetime) -> ContactLine:
    cell = _Cells(cells, columns, width, CONTACTS)
    line = ContactLine(
        whose=cell.whose("customer_name"),
        name=cell("name"),
        title=cell("title"),
        role=cell.read("role", _role),
        reports_to=cell("reports_to"),
        phone=cell.phone(),
        wecom_id=cell("wecom_id"),
        email=cell("email"),
        primary=bool(cell.read("primary", cells_as.yes_or_no)),
    )
    cell.check()
    return line


def read_follow_up(cells: Sequence[str], columns: Mapping[str, int], width: int, now: datetime) -> FollowUpLine:
    cell = _Cells(cells, columns, width, FOLLOW_UPS)
    at = cell.read("at", cells_as.moment)
    cell.past("at", at, now)
    line = FollowUpLine(
        whose=cell.whose("customer_name"),
        at=at or now,
        channel=cell.read("channel", _channel) or "form",
        text=cell("text"),
        by=cell("by"),
        need=cell("need"),
        next_step=cell("next_step"),
        external_id=cell("external_id"),
    )
    cell.check()
    return line


def read_order(cells: Sequence[str], columns: Mapping[str, int], width: int, now: datetime) -> OrderLine:
    cell = _Cells(cells, columns, width, ORDERS)
    signed = cell.read("signed_on", cells_as.day)
    cell.past("signed_on", instant(signed, time(0)) if signed else None, now)
    line = OrderLine(
        whose=cell.whose("customer_name"),
        order_number=cell("order_number"),
        contract_number=cell("contract_number"),
        amount=cell.read("amount", cells_as.money) or Money(0),
        signed_on=signed or now.date(),
        store=cell("store"),
        salesperson_id=cell("salesperson_id"),
    )
    cell.check()
    return line


def _size(value: str) -> str:
    found = _SIZES.get(value, value.lower())
    if found not in _SIZES.values():
        raise CellProblem(
            f"“{value}” is no size: micro, small, medium, large.", f"“{value}”应为微型、小型、中型或大型。"
        )
    return found


def _role(value: str) -> Role:
    if value in _ROLES:
        return _ROLES[value]
    if value.lower() not in {each.value for each in Role}:
        raise CellProblem(f"“{value}” is no role in the decision chain.", f"“{value}”不是决策链角色。")
    return Role(value.lower())


def _channel(value: str) -> str:
    found = _CHANNELS.get(value, value.lower())
    if found not in _CHANNELS.values():
        raise CellProblem(f"“{value}” is no way to follow up.", f"“{value}”不是跟进方式。")
    return found
