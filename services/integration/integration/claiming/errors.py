"""What is refused when money is claimed."""

from __future__ import annotations

from chassis.errors import FailedPrecondition, InvalidInput, NotFound


class ReceiptNotFound(NotFound):
    en = "There is no receipt {receipt_id}."
    zh = "收款 {receipt_id} 不存在。"


class ReceivableNotFound(NotFound):
    en = "There is no receivable {receivable_id}."
    zh = "应收款 {receivable_id} 不存在。"


class ClaimNotFound(NotFound):
    en = "There is no claim {claim_id}."
    zh = "认领记录 {claim_id} 不存在。"


class ReceivableNamedTwice(InvalidInput):
    en = "Receivable {receivable_id} is named twice."
    zh = "应收款 {receivable_id} 重复。"


class ClaimExceedsReceipt(FailedPrecondition):
    en = "The receipt has {open} left to claim, {asked} were asked for."
    zh = "该收款尚可认领 {open}，本次申请 {asked}。"


class ClaimExceedsReceivable(FailedPrecondition):
    en = "Receivable {receivable_id} has {open} open, {asked} were asked for."
    zh = "应收款 {receivable_id} 未收 {open}，本次申请 {asked}。"


class FeeTooHigh(FailedPrecondition):
    en = "A bank keeps at most {most} of this amount, {fee} were said."
    zh = "该金额的银行手续费最多为 {most}，本次填写 {fee}。"


class RefundNotFound(NotFound):
    en = "There is no refund {refund_id}."
    zh = "退款 {refund_id} 不存在。"


class RefundAlreadyUsed(FailedPrecondition):
    en = "Refund {refund_id} is already put to a receipt."
    zh = "退款 {refund_id} 已关联收款。"


class RefundExceedsReceipt(FailedPrecondition):
    en = "The receipt has {open} that can be given back, the refund is {asked}."
    zh = "该收款可退 {open}，退款金额为 {asked}。"


class OtherCurrency(FailedPrecondition):
    en = "The receipt is in {receipt}, the receivable in {receivable}."
    zh = "收款币种为 {receipt}，应收款币种为 {receivable}。"


class ClaimAlreadyUndone(FailedPrecondition):
    en = "Claim {claim_id} is already taken back."
    zh = "认领记录 {claim_id} 已撤销。"
