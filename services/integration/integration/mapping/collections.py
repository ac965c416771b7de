"""Orders, receivables, receipts and claims as contract messages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from closeloop.common.v1.provenance_pb2 import Provenance
from closeloop.integration.v1 import collection_service_pb2 as pb
from integration.claiming.find_refunds import RefundView
from integration.claiming.ranking_rules import Candidate
from integration.claiming.read_receipts import ReceiptView
from integration.claiming.rules import Match, Part
from integration.claiming.summarise_collections import Collections
from integration.mapping.common import day, instant, money
from integration.pos.import_sales import Load

STATES = {
    "waiting": pb.RECEIPT_STATE_WAITING,
    "claimed": pb.RECEIPT_STATE_CLAIMED,
    "partly_claimed": pb.RECEIPT_STATE_PARTLY_CLAIMED,
}
STATES_IN = {number: name for name, number in STATES.items()}


def order(row: Row[Any]) -> pb.Order:
    return pb.Order(
        order_id=row.order_id,
        contract_number=row.contract_number,
        customer_code=row.customer_code,
        customer_name=row.customer_name,
        salesperson_id=row.salesperson_id,
        unit=row.unit,
        amount=money(row.amount_fen, row.currency),
        signed_at=instant(row.signed_at),
        state=row.state,
        technical_service=row.technical_service,
        lines=[
            pb.OrderLine(
                product_code=each["product_code"],
                product_name=each["product_name"],
                quantity=each["quantity"],
                amount=money(each["fen"], row.currency),
            )
            for each in row.lines
        ],
        version=row.version,
    )


def receivable(row: Row[Any], payers: Sequence[str]) -> pb.Receivable:
    return pb.Receivable(
        receivable_id=row.receivable_id,
        contract_number=row.contract_number,
        customer_code=row.customer_code,
        customer_name=row.customer_name,
        salesperson_id=row.salesperson_id,
        amount=money(row.amount_fen, row.currency),
        open=money(max(row.amount_fen - row.claimed_fen, 0), row.currency),
        due_on=day(row.due_on),
        known_payers=payers,
    )


def receipt(view: ReceiptView) -> pb.Receipt:
    row = view.receipt
    return pb.Receipt(
        receipt_id=row.id,
        state=STATES.get(row.state, pb.RECEIPT_STATE_UNSPECIFIED),  # of nothing: no money came
        bank=row.bank,
        account=row.account,
        serial=row.serial,
        booked_on=day(row.booked_on),
        value_on=day(row.value_on),
        amount=money(row.amount_fen, row.currency),
        claimed=money(row.claimed_fen, row.currency),
        payer_name=row.payer_name,
        payer_account=row.payer_account,
        remark=row.remark,
        end_to_end_id=row.end_to_end_id,
        claims=[claim(each) for each in view.claims],
        candidates=[candidate(rank, each) for rank, each in enumerate(view.candidates, start=1)],
        reason=row.reason,
        reason_zh=row.reason_zh,
        suggestions=[suggestion(each, row.currency) for each in view.suggestions],
        matures_on=day(view.matures_on),
    )


def claim(row: Row[Any]) -> pb.Claim:
    return pb.Claim(
        claim_id=row.id,
        receivable_id=row.receivable_id,
        contract_number=row.contract_number,
        amount=money(row.amount_fen, row.currency),
        method=row.method,
        confidence=row.confidence,
        claimed_by=row.claimed_by,
        claimed_at=instant(row.claimed_at),
        undone_at=instant(row.undone_at),
        fee=money(row.fee_fen, row.currency),
    )


def suggestion(match: Match, currency: str) -> pb.ClaimSuggestion:
    return pb.ClaimSuggestion(
        parts=[
            pb.ClaimPart(
                receivable_id=part.receivable_id, amount=money(part.fen, currency), fee=money(part.fee_fen, currency)
            )
            for part in match.parts
        ],
        method=match.method,
        confidence=match.confidence,
        why=match.en,
        why_zh=match.zh,
    )


def refund(view: RefundView) -> pb.Refund:
    row = view.refund
    return pb.Refund(
        refund_id=row.id,
        account=row.account,
        booked_on=day(row.booked_on),
        amount=money(row.amount_fen, row.currency),
        payee_name=row.payer_name,
        payee_account=row.payer_account,
        remark=row.remark,
        receipt_ids=view.receipt_ids,
    )


def candidate(rank: int, each: Candidate) -> pb.ClaimCandidate:
    return pb.ClaimCandidate(
        rank=rank,
        receivable_id=each.due.receivable_id,
        contract_number=each.due.contract_number,
        customer_name=each.due.customer_name,
        open=money(each.due.open_fen, each.due.currency),
        due_on=day(each.due.due_on),
        score=each.score,
        why=each.en,
        why_zh=each.zh,
    )


def part_in(message: pb.ClaimPart) -> Part:
    return Part(message.receivable_id, message.amount.fen, message.fee.fen)


def summary(found: Collections) -> pb.GetCollectionSummaryResponse:
    return pb.GetCollectionSummaryResponse(
        arrived=money(found.arrived),
        claimed=money(found.claimed),
        waiting=money(found.arrived - found.claimed),
        receipts=found.receipts,
        waiting_receipts=found.waiting_receipts,
        automatic_share=found.automatic_share,
        provenance=Provenance(
            definition=str(found.definition),
            provisional=found.provisional,
            complete_until=instant(found.complete_until),
            note=found.note,
        ),
    )


def load(found: Load) -> pb.ImportPosSalesResponse:
    return pb.ImportPosSalesResponse(
        load_id=found.load_id, rows=found.rows, rejected=found.rejected, errors=found.errors
    )
