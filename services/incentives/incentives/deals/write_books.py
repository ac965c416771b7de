"""Book what awards come to and is not booked yet: ledger entries and slips together (I2.2, I2.4, I2.5)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row

from chassis.kernel.ids import new_id
from chassis.kernel.money import Money
from chassis.unit_of_work import Transaction
from incentives.appeals.drop_appeal import drop_appeal
from incentives.awards.rules import Key, posts
from incentives.awards.store import load_awards, load_items
from incentives.deals import store
from incentives.ledger.rules import Award, EntryKind, Post, difference, standing
from incentives.ledger.store import append, booked
from incentives.roster.rules import Employee, newest
from incentives.roster.store import employee_versions
from incentives.rule_library.policy import BonusPolicy
from incentives.rule_library.rules import Rule
from incentives.slips.causes import Causes
from incentives.slips.create_slip import NewSlip, create_slips
from incentives.slips.hold_slip import hold_slip, release_slip
from incentives.slips.rules import State
from incentives.slips.store import lock_standing, set_lines
from incentives.slips.take_back import take_back

Subject = tuple[str, Award]


@dataclass(frozen=True)
class Books:
    """What is to be written about some deals."""

    rows: Mapping[str, Row[Any]]
    awards: Mapping[Key, Row[Any]]
    rules: Mapping[tuple[str, int], Rule]
    unknown: Collection[Key]
    policy: BonusPolicy

    def lines(self, subject: Subject) -> list[Mapping[str, Any]]:
        """Of the award as it is now, in the order in which they were applied."""
        key, award = subject
        row = self.awards[key, award.rule_id]
        own = [*row.split_lines.get(award.beneficiary_id, ()), *row.cap_lines.get(award.beneficiary_id, ())]
        return [*row.lines, *own, *row.budget_lines]


@dataclass
class Written:
    """Slips made now: the one that stands and the claw-back, by what they are for."""

    stands: dict[Subject, str] = field(default_factory=dict)
    taken_back: dict[Subject, str] = field(default_factory=dict)


def write_books(
    tx: Transaction,
    keys: Collection[str],
    unknown: Collection[Key],
    rules: Sequence[Rule],
    policy: BonusPolicy,
    causes: Causes,
) -> None:
    """`unknown`: rules that could not be run on a deal, of which nothing is touched."""
    if not keys:
        return
    items = load_items(tx, keys).values()
    known = {(rule.rule_id, rule.version): rule for rule in rules}
    books = Books(store.load_deals(tx, keys), load_awards(tx, keys), known, unknown, policy)
    granted, held, before = posts(items, "granted"), posts(items, "held"), booked(tx, keys)
    earned, waits = difference(granted, before.earned, unknown), difference(held, before.held, unknown)
    written = _write_slips(tx, books, standing(granted), standing(held), causes)
    entries = [_earned(tx, post, fen, written, books.rows[post.deal_key]) for post, fen in earned.items()]
    entries += [_held(tx, post, fen, written, books.rows[post.deal_key]) for post, fen in waits.items()]
    append(tx, entries)


def _write_slips(
    tx: Transaction, books: Books, earned: Mapping[Subject, int], held: Mapping[Subject, int], causes: Causes
) -> Written:
    written, slips, due = Written(), lock_standing(tx, books.rows), dict[Subject, bool]()
    for subject in sorted(earned.keys() | slips.keys()):
        key, award = subject
        fen, waits, slip = earned.get(subject, 0), held.get(subject, 0) > 0, slips.get(subject)
        if (key, award.rule_id) in books.unknown:
            continue
        with causes.of(key) if slip is not None else nullcontext():
            if slip is not None and _keep(tx, slip, books, subject, fen, waits):
                written.stands[subject] = slip.slip_id
                continue
            if slip is not None:
                why = _why(books.rows[key], fen)
                written.taken_back[subject] = take_back(tx, slip, *why)
                drop_appeal(tx, slip.slip_id, why[0])
        if fen > 0:
            due[subject] = waits
    people = employee_versions(tx, {award.beneficiary_id for _, award in due}) if due else {}
    new = [_new_slip(books, people, subject, earned[subject], waits) for subject, waits in due.items()]
    written.stands |= zip(due, create_slips(tx, new, books.policy, causes), strict=True)
    return written


def _keep(tx: Transaction, slip: Row[Any], books: Books, subject: Subject, fen: int, waits: bool) -> bool:
    """Whether the slip stands, if need be held or let go. One that was confirmed or disputed is not held: it is taken
    back, and a new one waits."""
    if not fen or slip.amount_fen - slip.adjusted_fen != fen:
        return False
    is_held, lines = slip.state == State.HELD, books.lines(subject)
    if is_held != waits and waits and slip.state != State.PENDING:
        return False
    if lines != slip.lines:
        set_lines(tx, slip.slip_id, lines)
    if waits and not is_held:
        hold_slip(tx, slip, lines)
    if is_held and not waits:
        release_slip(tx, slip, books.policy)
    return True


def _new_slip(
    books: Books, people: Mapping[str, Sequence[Employee]], subject: Subject, fen: int, waits: bool
) -> NewSlip:
    key, award = subject
    row, said = books.rows[key], books.awards[key, award.rule_id]
    rule, person = books.rules[award.rule_id, said.rule_version], newest(people.get(award.beneficiary_id, ()))
    if person is None:
        raise LookupError(f"whoever a deal pays is known, {award.beneficiary_id} is not")
    return NewSlip(
        row.deal_key, row.contract_number, row.order_id, rule.rule_id, rule.version, rule.words, rule.words_zh,
        award.beneficiary_id, person.name, person.manager_id, person.unit, Money(fen), said.formula, said.formula_zh,
        row.customer_name, Money(row.amount_fen), row.signed_at, row.evidence, books.lines(subject), waits,
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
        return (
            "By the orders known now it comes to something else; a new slip replaces this one.",
            "按现有订单重新计算，金额或状态已变更，已重新开具激励单。",
        )
    return (
        "By the orders known now the bonus is not this one's.",
        "按现有订单重新计算，奖励不再归属本单。",
    )


def _earned(tx: Transaction, post: Post, fen: int, written: Written, row: Row[Any]) -> dict[str, Any]:
    earns = fen > 0
    kind, en, zh = (EntryKind.EARN, "Earned", "计提") if earns else (EntryKind.CLAW_BACK, "Taken back", "冲回")
    return _entry(tx, post, fen, kind, en, zh, _slip(post, written, earns), row)


def _held(tx: Transaction, post: Post, fen: int, written: Written, row: Row[Any]) -> dict[str, Any]:
    holds = fen > 0
    kind, en, zh = (EntryKind.HOLD, "Held", "暂缓") if holds else (EntryKind.RELEASE, "Let go", "释放")
    return _entry(tx, post, -fen, kind, en, zh, _slip(post, written, holds), row)


def _slip(post: Post, written: Written, stands: bool) -> str | None:
    subject = post.deal_key, post.award
    first, second = (written.stands, written.taken_back) if stands else (written.taken_back, written.stands)
    return first.get(subject) or second.get(subject)


def _entry(
    tx: Transaction, post: Post, fen: int, kind: EntryKind, en: str, zh: str, slip_id: str | None, row: Row[Any]
) -> dict[str, Any]:
    return {
        "entry_id": new_id(),
        "employee_id": post.award.beneficiary_id,
        "kind": kind.value,
        "amount_fen": fen,
        "slip_id": slip_id,
        "deal_key": post.deal_key,
        "rule_id": post.award.rule_id,
        "effective_at": post.effective_at,
        "booked_at": tx.now,
        "text": f"{en} by rule {post.award.rule_id} for {post.deal_key}, {row.customer_name}.",
        "text_zh": f"{zh}：规则 {post.award.rule_id}，合同/订单 {post.deal_key}，{row.customer_name}。",
    }
