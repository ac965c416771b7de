"""Rows of history files as plain lines: columns by kind, and how each cell is read (LD1.6, LD13.1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from chassis.errors import InvalidInput, Violation
from chassis.kernel.calendar import instant
from chassis.kernel.money import Money
from leads.customer_file.contact_rules import Role
from leads.imports import cell_rules as cells_as
from leads.imports.cell_rules import CellProblem, Reader, cell_values, past, too_long
from leads.imports.row_rules import Form
from leads.lead.rules import Grade
from leads.normalise.name_rules import name_key, place_name
from leads.normalise.number_rules import FieldProblem, e164, valid_uscc

_CODE = ("客户编号", "客户代码", "customer_code", "customercode", "customerno")
_NAME = ("客户名称", "公司名称", "企业名称", "单位名称", "customer_name", "customername", "company_name", "name")
_USCC = ("统一社会信用代码", "信用代码", "税号", "uscc", "creditcode")
_WHOSE = {"customer_code": _CODE, "customer_name": _NAME, "uscc": _USCC}

CUSTOMERS = Form(
    "customers",
    {
        "name": _NAME,
        "customer_code": _CODE,
        "uscc": _USCC,
        "phone": ("电话", "联系电话", "公司电话", "phone", "tel"),
        "customer_class": ("客户类型", "客户类别", "customer_class", "class"),
        "grade": ("等级", "级别", "客户等级", "grade"),
        "industry": ("行业", "所属行业", "industry"),
        "size": ("企业规模", "规模", "size"),
        "province": ("省份", "省", "province"),
        "city": ("城市", "市", "所在城市", "city"),
        "address": ("地址", "详细地址", "address"),
        "needs": ("需求", "需求描述", "needs"),
        "owner_id": ("负责人工号", "工号", "业务员工号", "owner_id", "ownerid"),
        "since": ("成为客户日期", "建档日期", "合作日期", "since"),
    },
    ("name",),
)
CONTACTS = Form(
    "contacts",
    _WHOSE
    | {
        "name": ("联系人", "联系人姓名", "姓名", "contact_name", "contact"),
        "title": ("职务", "职位", "title"),
        "role": ("决策角色", "角色", "role"),
        "reports_to": ("上级", "汇报对象", "reports_to", "reportsto"),
        "phone": ("手机", "手机号", "电话", "联系电话", "phone", "mobile"),
        "wecom_id": ("企业微信id", "企微id", "外部联系人id", "wecom_id", "wecom"),
        "email": ("邮箱", "电子邮箱", "email"),
        "primary": ("首要联系人", "主联系人", "primary"),
    },
    ("name",),
)
FOLLOW_UPS = Form(
    "follow_ups",
    _WHOSE
    | {
        "at": ("跟进时间", "跟进日期", "时间", "日期", "at", "date", "time"),
        "channel": ("跟进方式", "方式", "渠道", "channel"),
        "text": ("跟进内容", "内容", "跟进记录", "text", "content", "notes"),
        "by": ("跟进人工号", "工号", "by", "employee_id"),
        "need": ("需求", "客户需求", "need"),
        "next_step": ("下一步", "下一步计划", "next_step", "nextstep"),
        "external_id": ("原系统编号", "记录编号", "external_id", "externalid"),
    },
    ("at", "text"),
)
ORDERS = Form(
    "orders",
    _WHOSE
    | {
        "order_number": ("订单号", "订单编号", "order_number", "ordernumber", "orderno"),
        "contract_number": ("合同号", "合同编号", "contract_number", "contractnumber"),
        "amount": ("金额", "订单金额", "金额（元）", "金额(元)", "amount"),
        "signed_on": ("签订日期", "下单日期", "订单日期", "signed_on", "date"),
        "store": ("门店", "门店编号", "store"),
        "salesperson_id": ("业务员工号", "工号", "salesperson_id", "salesperson"),
    },
    ("order_number", "amount", "signed_on"),
)
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


@dataclass(frozen=True)
class Whose:
    """How a row names its customer."""

    code: str = ""
    uscc: str = ""
    name_key: str = ""


@dataclass(frozen=True)
class CustomerLine:
    name: str
    whose: Whose
    phone: str
    customer_class: str
    grade: Grade | None
    industry: str
    size: str
    province: str
    city: str
    address: str
    needs: str
    owner_id: str
    since: datetime | None


@dataclass(frozen=True)
class ContactLine:
    """`reports_to`: by name, a contact of the same customer."""

    whose: Whose
    name: str
    title: str
    role: Role | None
    reports_to: str
    phone: str
    wecom_id: str
    email: str
    primary: bool


@dataclass(frozen=True)
class FollowUpLine:
    whose: Whose
    at: datetime
    channel: str
    text: str
    by: str
    need: str
    next_step: str
    external_id: str


@dataclass(frozen=True)
class OrderLine:
    whose: Whose
    order_number: str
    contract_number: str
    amount: Money
    signed_on: date
    store: str
    salesperson_id: str


class _Cells:
    """The cells of one row, and all that is wrong with them."""

    def __init__(self, cells: Sequence[str], columns: Mapping[str, int], width: int, form: Form) -> None:
        self.values = cell_values(cells, columns, width)
        self.problems = too_long(self.values, _LONGEST)
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
