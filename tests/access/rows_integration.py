from __future__ import annotations

from base64 import b64encode
from datetime import UTC, date, datetime, timedelta
from typing import Any

from chassis.kernel.ids import new_id

from .roles import MATE, Owner, Role
from .rows_table import AT, MONTH, Rows

DIGEST = bytes(32)
BOARD_SUMS = ("contract_fen", "due_fen", "delivered_fen", "received_fen", "fee_fen", "invoiced_fen", "draft_fen")
COMPARE = {
    "period": {"first_on": "2026-03-01", "last_on": "2026-03-31"},
    "a": {"figure": "FIGURE_BANK_CREDITS"},
    "b": {"figure": "FIGURE_COLLECTED_BY_DUE"},
}
TENDER = "00000000-0000-7000-8000-000000000001"


def record(rows: Rows, owner: Owner) -> dict[str, str]:
    """The directory is everybody's, so no mark stands in it."""
    ids = {name: new_id() for name in ("receipt_id", "claim_id", "refund_id", "grant_id", "key_id", "alert_id")}
    ids |= {"quarantine_id": new_id()}
    ids |= {name: new_id() for name in ("back_entry_id", "approved_id", "waiting_id")}
    order = f"SO-{owner.id}".replace(":", "-")
    rows.put("employee", employee_id=owner.id, version=1, name="员工", status="active", unit=owner.unit)
    rows.put_once("directory_state", id=1, as_of=AT)
    sold = {"contract_number": order, "customer_code": order, "customer_name": owner.mark, "salesperson_id": owner.id}
    rows.put("erp_order", order_id=order, version=1, state="active", signed_at=AT, **sold)
    rows.put("receivable", receivable_id=order, amount_fen=1000, claimed_fen=100, due_on=date(2026, 3, 31), **sold)
    document = {"order_id": order, "customer_code": "C1", "source_version": 1, "content_hash": DIGEST}
    rows.put("erp_schedule", schedule_id=order, quantity=1, ready_on=date(2026, 3, 31), product_name=owner.mark,
             state="planned", order_id=order, source_version=1, content_hash=DIGEST)  # fmt: skip
    rows.put("erp_delivery", delivery_id=order, delivered_on=date(2026, 3, 9), amount_fen=1, state="delivered",
             customer_name=owner.mark, **document)  # fmt: skip
    rows.put("erp_invoice", invoice_id=order, issued_on=date(2026, 3, 9), amount_fen=1, kind="blue", state="issued",
             customer_name=owner.mark, **document)  # fmt: skip
    rows.put("board_row", thread=order, currency="CNY", order_ids=[order], day=date(2026, 3, 9), colour="green",
             missing=[], paid_without_contract=False, policy_version=0, **sold,
             **dict.fromkeys(BOARD_SUMS, 1))  # fmt: skip
    rows.put("service_call", call_id=order, reported_at=AT, state="open", customer_name=owner.mark,
             **document | {"customer_code": order})  # fmt: skip
    rows.put(
        "bank_entry", id=ids["receipt_id"], bank="icbc", account="6222", booked_on=date(2026, 3, 9),
        serial=ids["receipt_id"], credit=True, amount_fen=1000, claimed_fen=100, state="partly_claimed",
        payer_name=owner.mark,
    )  # fmt: skip
    rows.put(
        "bank_entry", id=ids["refund_id"], bank="icbc", account="6222", booked_on=date(2026, 3, 9),
        serial=ids["refund_id"], credit=False, amount_fen=5, claimed_fen=0, state="none", payer_name=owner.mark,
        remark="退款",
    )  # fmt: skip
    rows.put(
        "claim", id=ids["claim_id"], receipt_id=ids["receipt_id"], receivable_id=order, amount_fen=100,
        method="person", claimed_by="E00902", claimed_at=AT, **sold,
    )  # fmt: skip
    rows.put("duty_grant", id=ids["grant_id"], employee_id=owner.id, duty="auditor", granted_by="E00900", reason="查账")
    rows.put("notification", recipient_id=owner.id, kind="lead_assigned", severity="info", title=owner.mark,
             dedupe_key="1", created_at=AT)  # fmt: skip
    rows.put("delivery", id=new_id(), channel="email", recipient_id=owner.id, subject=owner.mark, dedupe_key="1")
    rows.put("api_key", id=ids["key_id"], name=owner.mark, digest=DIGEST, expires_at=datetime(2126, 1, 1, tzinfo=UTC))
    rows.put_once("feed", feed="hr")
    rows.put_once("product", product_code="IMG-1", name="影像", source_version=1, list_price_fen=1, active=True,
                  content_hash=DIGEST)  # fmt: skip
    rows.put_once("promotion", promotion_id="P-1", version=1, source_version=1, skus=[], cost_fen=1, state="running",
                  starts_on=date(2026, 3, 1), ends_on=date(2026, 3, 31), content_hash=DIGEST)  # fmt: skip
    rows.put_once("tender", tender_id=TENDER, tender_key="ZJ-1", version=1, state="open", published_at=AT,
                  changed_at=AT)  # fmt: skip
    rows.put("feed_alert", id=ids["alert_id"], feed=f"feed of {owner.id}", health="degraded", opened_at=AT)
    rows.put("quarantine", id=ids["quarantine_id"], feed="hr", raw=owner.mark)
    rows.put_once("bank_account", account="6222")
    _back_entries(rows, owner, ids)
    ids |= {"metric_id": "collected", "figure_id": new_id()}
    rows.put("outside_figure", id=ids["figure_id"], name=owner.mark, entered_at=AT)
    return {**ids, "order_id": order, "employee_id": owner.id, "receivable_id": order, "feed": "hr",
            "contract_number": order, "product_code": "IMG-1", "tender_id": TENDER,
            "promotion_id": "P-1"}  # fmt: skip


def _back_entries(rows: Rows, owner: Owner, ids: dict[str, str]) -> None:
    """One in each state that a command needs; the finance role is their author."""
    states = {"back_entry_id": "draft", "approved_id": "approved_by_finance", "waiting_id": "submitted"}
    for number, (name, state) in enumerate(states.items()):
        key = f"{owner.mark}-{number}"
        rows.put("back_entry", id=ids[name], state=state, voucher_number=key, voucher_key=key, scan_file_id="0",
                 account="6222", bank_serial=key, serial_key=key, amount_fen=1, payer_name=owner.mark,
                 author_id="E00902")  # fmt: skip


def _approved(ids: dict[str, str], caller: Role) -> dict[str, Any]:
    return {"back_entry_id": ids["approved_id"]}


def _refused(ids: dict[str, str], caller: Role) -> dict[str, Any]:
    return _approved(ids, caller) | {"reason": "凭证模糊"}


def _waiting(ids: dict[str, str], caller: Role) -> dict[str, Any]:
    return {"back_entry_id": ids["waiting_id"], "reason": "录错"}


def _voucher(ids: dict[str, str], caller: Role) -> dict[str, Any]:
    return {
        "voucher_number": new_id(),
        "scan_file_id": "PAGE",
        "account": "6222",
        "booked_on": "2026-03-09",
        "bank_serial": new_id(),
        "amount": {"fen": "5"},
        "payer_name": "杭州",
        "reason": "缺",
    }


def _claim(ids: dict[str, str], caller: Role) -> dict[str, Any]:
    return {"parts": [{"receivable_id": ids["receivable_id"], "amount": {"fen": "5"}}]}


def _unread(ids: dict[str, str], caller: Role) -> dict[str, Any]:
    return {"quarantine_ids": [ids["quarantine_id"]], "reason": "作废"}


def _refund(ids: dict[str, str], caller: Role) -> dict[str, Any]:
    return {"refund_id": ids["refund_id"]}


def _other_duty(ids: dict[str, str], caller: Role) -> dict[str, Any]:
    return {"employee_id": MATE.id, "duty": "finance", "reason": "代理"}


def _check(ids: dict[str, str], caller: Role) -> dict[str, Any]:
    return {"key_id": ids["key_id"], "digest": b64encode(DIGEST).decode()}


def _new_key(ids: dict[str, str], caller: Role) -> dict[str, Any]:
    ends = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "name": "代理商",
        "duties": ["partner"],
        "groups": ["leads.CaptureService"],
        "expires_at": ends,
        "reason": "线索",
    }


REQUESTS: dict[str, Any] = {
    "integration.ApiKeyService/CheckApiKey": _check,
    "integration.ApiKeyService/CreateApiKey": _new_key,
    "integration.ApiKeyService/RevokeApiKey": {"reason": "合作结束"},
    "integration.BackEntryService/DraftBackEntry": _voucher,
    "integration.BackEntryService/ApproveBackEntry": _approved,
    "integration.BackEntryService/RefuseBackEntry": _refused,
    "integration.BackEntryService/WithdrawBackEntry": _waiting,
    "integration.BridgeService/CompareFigures": COMPARE,
    "integration.BridgeService/ListBridgeRows": COMPARE,
    "integration.BridgeService/ExportBridge": COMPARE,
    "integration.BridgeService/EnterOutsideFigure": {
        "name": "看板",
        "period": COMPARE["period"],
        "total": {"fen": "5"},
    },
    "integration.CallbackService/ReceiveCallback": {"source": "wecom", "method": "GET"},
    "integration.CollectionService/ClaimReceipt": _claim,
    "integration.CollectionService/UndoClaim": {"reason": "认错"},
    "integration.CollectionService/RefundReceipt": _refund,
    "integration.CollectionService/GetCollectionSummary": {"month": MONTH},
    "integration.CollectionService/ImportPosSales": {"file_id": "FILE"},
    "integration.DirectoryService/CheckStatus": {"employee_ids": [MATE.id]},
    "integration.DirectoryService/GetAccess": {"employee_id": MATE.id},
    "integration.DirectoryService/GetEmployee": {"employee_id": MATE.id},
    "integration.DirectoryService/GrantDuty": _other_duty,
    "integration.DirectoryService/RevokeDuty": {"reason": "到期"},
    "integration.FeedFileService/ImportFeedFile": {"feed": "erp_orders", "file_id": "FILE"},
    "integration.FeedService/ReplayQuarantine": {"feed": "hr"},
    "integration.FeedService/DismissQuarantined": _unread,
    "integration.FeedService/RestoreQuarantined": _unread,
    "integration.FeedService/AcknowledgeFeedAlert": {"note": "在查"},
    "integration.FeedService/ImportStatement": {"file_id": "FILE"},
    "integration.RetailService/ListPosSales": {"month": MONTH},
    "integration.PolicyService/GetPolicy": {"name": "claiming"},
    "integration.PolicyService/DraftPolicy": {"name": "claiming", "body": {}, "reason": "试"},
    "integration.PolicyService/PublishPolicy": {"name": "claiming", "version": 1},
}
