"""Book what the facts give and is not booked yet: ledger entries and slips together (I2.4, I2.5)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import Row

from chassis.kernel.ids import new_id
from chassis.kernel.money import Money
from chassis.unit_of_work import Transaction
from incentives.appeals.drop_appeal import drop_appeal
from incentives.deals import store
from incentives.deals.entitlements import Entitlements
from incentives.evaluation.evaluator import Evaluator
from incentives.ledger.rules import Award, EntryKind, Post, canonical, difference, standing
from incentives.ledger.store import append, booked
from incentives.roster.rules import newest
from incentives.roster.store import employee_versions
from incentives.rule_library.policy import BonusPolicy
from incentives.rule_library.store import published
from incentives.slips.create_slip import NewSlip, create_slip
from incentives.slips.store import lock_standing
from incentives.slips.take_back import take_back

Subject = tuple[str, Award]


@dataclass
class Written:
    """Slips made now: the one that stands and the claw-back, by what they are for."""

    stands: dict[Subject, str] = field(default_factory=dict)
    taken_back: dict[Subject, str] = field(default_factory=dict)


def book_deals(
    tx: Transaction, keys: Collection[str], touched: Sequence[Row[Any]], evaluator: Evaluator, policy: BonusPolicy
) -> list[str]:
    """`touched`: how the deals `keys` were and are; their customers' and reps' deals move with them.

    Returns the deals on which a rule could not be run.
    """
    customers, reps = {row.customer_id for row in touched}, {row.salesperson_id for row in touched}
    wanted = {row.deal_key: row for row in store.counted_deals(tx, customers, reps)}
    rows = {**store.load_deals(tx, set(keys) - wanted.keys()), **wanted}
    around = store.neighbours(
        tx, {row.customer_id for row in wanted.values()}, {row.salesperson_id for row in wanted.values()}
    )
    due = Entitlements(wanted, published(tx), evaluator, policy)
    recomputed = canonical(around, wanted, due)
    changes = difference(recomputed, booked(tx, rows), set(due.failures))
    written = _write_slips(tx, rows, recomputed, due)
    append(tx, [_entry(tx, post, fen, written, rows[post.deal_key]) for post, fen in changes.items()])
    for key, row in wanted.items():
        told = [asdict(each) for each in due.reasons(key)]
        if told != row.reasons:
            store.set_reasons(tx, key, told)
    return sorted({key for key, _ in due.failures})


def _write_slips(
    tx: Transaction, rows: Mapping[str, Row[Any]], recomputed: Mapping[Post, int], due: Entitlements
) -> Written:
    written, earned, held = Written(), standing(recomputed), lock_standing(tx, rows)
    for subject in sorted(earned.keys() | held.keys()):
        key, award = subject
        fen, slip = earned.get(subject, 0), held.get(subject)
        if (key, award.rule_id) in due.failures:
            continue
        if slip is not None and slip.amount_fen - slip.adjusted_fen == fen:
            written.stands[subject] = slip.slip_id
            continue
        if slip is not None:
            why = _why(rows[key], fen)
            written.taken_back[subject] = take_back(tx, slip, *why)
            drop_appeal(tx, slip.slip_id, why[0])
        if fen > 0:
            written.stands[subject] = create_slip(tx, _new_slip(tx, rows[key], award, fen, due), due.policy)
    return written


def _new_slip(tx: Transaction, row: Row[Any], award: Award, fen: int, due: Entitlements) -> NewSlip:
    rule, formula, formula_zh = due.explain(row.deal_key, award, fen)
    person = newest(employee_versions(tx, award.beneficiary_id))
    if person is None:
        raise LookupError(f"a counted deal has a known rep, {award.beneficiary_id} is not")
    return NewSlip(
        row.deal_key, row.contract_number, row.order_id, rule.rule_id, rule.version, rule.words, rule.words_zh,
        award.beneficiary_id, person.name, person.manager_id, person.unit, Money(fen), formula, formula_zh,
        row.customer_name, Money(row.amount_fen), row.signed_at, row.evidence,
    )  # fmt: skip


def _why(row: Row[Any], fen: int) -> tuple[str, str]:
    """Why a slip does not stand any more."""
    if row.state == store.EMPTY:
        return "The order is now counted under another contract.", "该订单已并入其他合同。"
    if row.state == store.WAITING:
        return row.reasons[0]["en"], row.reasons[0]["zh"]
    if row.cancelled_at is not None and not row.order_id:
        return "The signed document was withdrawn.", "签约凭证已撤回。"
    if row.cancelled_at is not None:
        return "The order was cancelled.", "订单已取消。"
    if fen:
        return "The order changed; a new slip replaces this one.", "订单内容变更，已重新开具激励单。"
    return (
        "By the orders known now the bonus is not this one's.",
        "按现有订单重新计算，奖励不再归属本单。",
    )


def _entry(tx: Transaction, post: Post, fen: int, written: Written, row: Row[Any]) -> dict[str, Any]:
    subject, earns = (post.deal_key, post.award), fen > 0
    first, second = (written.stands, written.taken_back) if earns else (written.taken_back, written.stands)
    en, zh = ("Earned", "计提") if earns else ("Taken back", "冲回")
    return {
        "entry_id": new_id(),
        "employee_id": post.award.beneficiary_id,
        "kind": (EntryKind.EARN if earns else EntryKind.CLAW_BACK).value,
        "amount_fen": fen,
        "slip_id": first.get(subject) or second.get(subject),
        "deal_key": post.deal_key,
        "rule_id": post.award.rule_id,
        "effective_at": post.effective_at,
        "booked_at": tx.now,
        "text": f"{en} by rule {post.award.rule_id} for {post.deal_key}, {row.customer_name}.",
        "text_zh": f"{zh}：规则 {post.award.rule_id}，合同/订单 {post.deal_key}，{row.customer_name}。",
    }
