"""What is refused when money is entered by hand."""

from __future__ import annotations

from chassis.errors import AlreadyExists, FailedPrecondition, InvalidInput, NotFound


class BackEntryNotFound(NotFound):
    en = "There is no back-entry {back_entry_id}."
    zh = "补录 {back_entry_id} 不存在。"


class VoucherAlreadyUsed(AlreadyExists):
    en = "Voucher {voucher_number} is already entered, as back-entry {back_entry_id} ({state})."
    zh = "凭证号 {voucher_number} 已用于补录 {back_entry_id}（{state}）。"


class SerialAlreadyEntered(AlreadyExists):
    en = "The bank's serial {bank_serial} of that day is already entered, as back-entry {back_entry_id} ({state})."
    zh = "该日银行流水号 {bank_serial} 已用于补录 {back_entry_id}（{state}）。"


class AlreadyToldByBank(FailedPrecondition):
    en = "The bank has told of this already: receipt {receipt_id}, {amount} booked on {booked_on}. Claim it there."
    zh = "银行数据已包含该笔：收款 {receipt_id}，{booked_on} 入账 {amount}，请直接认领。"


class LooksLikeAReceipt(FailedPrecondition):
    en = "Receipt {receipt_id} has the same payer, day and amount under the serial {serial}. Say so if it is another."
    zh = "收款 {receipt_id}（流水号 {serial}）的付款人、日期和金额均相同；如确为另一笔，请注明。"


class NotAScan(InvalidInput):
    en = "The file is no picture and no PDF ({media_type})."
    zh = "文件不是图片或 PDF（{media_type}）。"


class UnknownAccount(InvalidInput):
    en = "No feed covers the account {account}."
    zh = "账户 {account} 不在任何银行数据源内。"


class FourEyes(FailedPrecondition):
    en = "Author, first and second approver of a back-entry are three people."
    zh = "补录的录入人、一级审批人和二级审批人必须是三个人。"


class NotYetYours(FailedPrecondition):
    en = "It waits for somebody with the duty {duty}."
    zh = "当前需由具有 {duty} 职责的人员审批。"


class OnlyItsAuthor(FailedPrecondition):
    en = "Only its author {author} can do that."
    zh = "仅录入人 {author} 可以执行。"
