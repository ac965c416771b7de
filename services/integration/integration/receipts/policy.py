"""How each bank writes its CSV. Versioned: a bank that changes its export needs a new version, not a release (N1.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from chassis.errors import Violation


def _a_pattern(text: str) -> str:
    try:
        compiled = re.compile(text)
    except re.error as failure:
        raise ValueError(f"no regular expression: {failure}") from None
    if text and not compiled.groups:
        raise ValueError("no group for the account")
    return text


class BankCsv(BaseModel):
    """Names of the columns; an empty one is not there. The file is recognised by the columns that are named.

    Amount: `amount` with a sign or with `direction`, or `debit` and `credit` (money out and money in of the account).
    Without `balance` the file is taken as a notification: it proves nothing complete.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    bank: str = Field(min_length=1, max_length=40)
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    account: str = ""
    # Of a file that names its account above the table only: a regular expression with one group.
    account_above: Annotated[str, AfterValidator(_a_pattern)] = ""
    booked_at: str = Field(min_length=1)
    booked_time: str = ""
    value_on: str = ""
    serial: str = ""
    amount: str = ""
    direction: str = ""
    credit_words: tuple[str, ...] = ("贷", "收入", "转入", "C", "CRDT", "+")
    debit_words: tuple[str, ...] = ("借", "支出", "转出", "D", "DBIT", "-")
    debit: str = ""
    credit: str = ""
    balance: str = ""
    currency: str = ""
    # When no column tells.
    default_currency: str = Field(default="CNY", pattern="^[A-Z]{3}$")
    currency_words: dict[str, str] = Field(
        default_factory=lambda: {"人民币": "CNY", "人民币元": "CNY", "RMB": "CNY", "美元": "USD", "港币": "HKD"}
    )
    counterparty_name: str = ""
    counterparty_account: str = ""
    credited_account: str = ""
    # Those that are filled, joined in this order.
    remark: tuple[str, ...] = ()
    end_to_end_id: str = ""
    reference: str = ""
    # Rows below the table that begin with one of these are totals.
    footers: tuple[str, ...] = ("合计", "总计", "总收入", "总支出", "#")

    @property
    def columns(self) -> frozenset[str]:
        named = (
            self.account, self.booked_at, self.booked_time, self.value_on, self.serial, self.amount, self.direction,
            self.debit, self.credit, self.balance, self.currency, self.counterparty_name, self.counterparty_account,
            self.credited_account, self.end_to_end_id, self.reference, *self.remark,
        )  # fmt: skip
        return frozenset(named) - {""}


ICBC = BankCsv(
    bank="ICBC",
    account="本方账号",
    booked_at="交易时间",
    reference="凭证号",
    debit="借方发生额",
    credit="贷方发生额",
    balance="余额",
    counterparty_name="对方单位名称",
    counterparty_account="对方账号",
    remark=("摘要", "用途"),
)
CCB = BankCsv(
    bank="CCB",
    account="账号",
    booked_at="交易时间",
    serial="账户明细编号-交易流水号",
    debit="借方发生额（支取）",
    credit="贷方发生额（收入）",
    balance="余额",
    currency="币种",
    counterparty_name="对方户名",
    counterparty_account="对方账号",
    remark=("摘要", "备注"),
    end_to_end_id="企业流水号",
)
CMB = BankCsv(
    bank="CMB",
    account_above=r"账号[:：]\D{0,20}(\d{6,30})",
    booked_at="交易日",
    booked_time="交易时间",
    value_on="起息日",
    serial="流水号",
    debit="借方金额",
    credit="贷方金额",
    balance="余额",
    counterparty_name="收(付)方名称",
    counterparty_account="收(付)方账号",
    remark=("摘要", "用途"),
    reference="业务参考号",
)


class StatementsPolicy(BaseModel):
    """Layouts by name; the first whose columns the file has is taken, those with most columns first."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    csv: dict[str, BankCsv] = Field(default_factory=lambda: {"icbc": ICBC, "ccb": CCB, "cmb": CMB})
    # A booking later than this after today is a mistake of the source.
    days_ahead: int = Field(default=1, ge=0, le=31)


def check(policy: StatementsPolicy) -> list[Violation]:
    """A layout must tell the account and the amount one way, and equal rows apart."""
    return [violation for name, each in policy.csv.items() for violation in _check(f"csv.{name}", each)]


def _check(name: str, layout: BankCsv) -> Iterable[Violation]:
    if bool(layout.amount) == bool(layout.debit and layout.credit):
        yield Violation(
            name, en="needs either amount or both debit and credit", zh="须配置 amount，或同时配置 debit 和 credit"
        )
    if bool(layout.account) == bool(layout.account_above):
        yield Violation(name, en="needs either account or account_above", zh="须配置 account 或 account_above 之一")
    if not layout.serial and not layout.balance:
        # Two equal payments of one moment would be taken for one.
        yield Violation(
            name, en="needs serial or balance to tell rows apart", zh="须配置 serial 或 balance，用于区分相同的明细"
        )
