"""Money that comes in for a company's receivables, with the truth: what it was for, and whether it can be told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from tools.receipt_lab.books import CITIES, START, Books, Owed
from tools.receipt_lab.ledger import Ledger
from tools.receipt_lab.spelling import cut_off, number_written, slipped, spelled

MAIN_ACCOUNT = "571908881910001"


@dataclass(frozen=True)
class Paid:
    """What was really paid: to which receivable, how much arrived, and what a bank kept on the way."""

    receivable_id: str
    contract: str
    fen: int
    fee_fen: int = 0


@dataclass(frozen=True)
class Payment:
    """One bank entry. `claimable`: receipt and books together tell what it is for; otherwise it must wait for a person.

    `hard`: more than an account, a number or a known name with its amount is needed.
    """

    id: str
    kind: str
    fen: int
    booked_on: date
    payer: str
    credited: str
    remark: str
    truth: tuple[Paid, ...]
    claimable: bool
    hard: bool
    matures_on: date | None = None
    reversal: bool = False


@dataclass(frozen=True)
class Draft:
    """A payment before it has an id."""

    payer: str
    remark: str
    truth: tuple[Paid, ...]
    claimable: bool
    fen: int = 0
    credited: str = MAIN_ACCOUNT
    matures_on: date | None = None
    reversal: bool = False
    # Days after the first of several receipts for one receivable.
    later: int = 0


REMARKS = ("货款", "", "往来款", "设备款", "3月货款", "发票20260318", "采购款 订单88213")
Maker = Callable[["Bench", Owed], list[Draft]]


class Bench:
    """What the makers of payments work with."""

    def __init__(self, made: Books, random: Random) -> None:
        self.books, self.random, self.ledger = made, random, Ledger(made)

    def remark(self) -> str:
        return self.random.choice(REMARKS)

    def known(self, owed: Owed) -> str | None:
        return owed.customer.name if owed.customer.name in owed.payers else None


def whole(owed: Owed, fen: int) -> tuple[Paid, ...]:
    return (Paid(owed.receivable_id, owed.contract, fen),)


def by_account(bench: Bench, owed: Owed) -> list[Draft]:
    if not owed.virtual_account:
        return by_number(bench, owed)
    oldest = bench.ledger.oldest(owed.contract)
    return [Draft(spelled(owed.customer.name, bench.random), "", whole(oldest, bench.ledger.open(oldest)), True,
                  credited=owed.virtual_account)]  # fmt: skip


def by_number(bench: Bench, owed: Owed) -> list[Draft]:
    oldest = bench.ledger.oldest(owed.contract)
    written = number_written(owed.contract, bench.random)
    return [Draft(owed.customer.name, written, whole(oldest, bench.ledger.open(oldest)), True)]


def by_name(bench: Bench, owed: Owed) -> list[Draft]:
    return _told_by_amount(bench, owed, owed.customer.name)


def other_spelling(bench: Bench, owed: Owed) -> list[Draft]:
    return _told_by_amount(bench, owed, spelled(owed.customer.name, bench.random))


def cut(bench: Bench, owed: Owed) -> list[Draft]:
    return _told_by_likeness(bench, owed, cut_off(owed.customer.name, bench.random))


def shortened(bench: Bench, owed: Owed) -> list[Draft]:
    return _told_by_likeness(bench, owed, owed.customer.short)


def shared_payer(bench: Bench, owed: Owed) -> list[Draft]:
    shared = [name for name in owed.payers if name in bench.books.shared]
    return _told_by_amount(bench, owed, shared[0]) if shared else by_name(bench, owed)


def combined(bench: Bench, owed: Owed) -> list[Draft]:
    """Two to five of the customer's together, the oldest of equal ones."""
    due = bench.ledger.open_of([owed.customer])
    if len(due) < 2:
        return by_name(bench, owed)
    chosen = bench.ledger.oldest_of(bench.random.sample(due, bench.random.randint(2, min(5, len(due)))))
    truth = tuple(Paid(each.receivable_id, each.contract, bench.ledger.open(each)) for each in chosen)
    total = sum(each.fen for each in truth)
    told = bench.ledger.ways(total, [owed.customer]) == 1 and not bench.ledger.near(total, [owed.customer])
    return [Draft(owed.customer.name, bench.remark(), truth, told)]


def in_parts(bench: Bench, owed: Owed) -> list[Draft]:
    """One receivable by two or three transfers within some days, without its number."""
    fen, count = bench.ledger.open(owed), bench.random.choice((2, 2, 3))
    cuts = sorted(bench.random.randrange(fen // 5, fen * 4 // 5) // 100 * 100 for _ in range(count - 1))
    amounts = [end - start for start, end in zip([0, *cuts], [*cuts, fen], strict=True)]
    told = bench.ledger.telling(fen, [owed.customer]) and all(
        amount > 0 and not bench.ledger.near(amount, [owed.customer]) and not bench.ledger.ways(amount, [owed.customer])
        for amount in amounts
    )
    if min(amounts) <= 0:
        return by_name(bench, owed)
    return [Draft(owed.customer.name, "货款", whole(owed, amount), told, later=at) for at, amount in enumerate(amounts)]


def less_fee(bench: Bench, owed: Owed) -> list[Draft]:
    fen = bench.ledger.open(owed)
    fee = bench.random.choice((500, 1_000, 1_500, 2_500, 5_000))
    if fee * 1000 > fen:
        return by_name(bench, owed)
    arrived = fen - fee
    told = bench.ledger.telling(fen, [owed.customer]) and bench.ledger.near(arrived, [owed.customer]) == 1
    told = told and not bench.ledger.ways(arrived, [owed.customer])
    truth = (Paid(owed.receivable_id, owed.contract, arrived, fee),)
    return [Draft(owed.customer.name, bench.remark(), truth, told)]


def partial(bench: Bench, owed: Owed) -> list[Draft]:
    """With its number: claimed as far as it goes."""
    oldest = bench.ledger.oldest(owed.contract)
    fen = bench.ledger.open(oldest) * bench.random.randint(20, 80) // 100
    same = any(bench.ledger.open(each) == fen for each in bench.ledger.open_of([owed.customer]))
    written = number_written(owed.contract, bench.random)
    return [Draft(owed.customer.name, written, whole(oldest, fen), not same)]


def unnamed_partial(bench: Bench, owed: Owed) -> list[Draft]:
    """Without a number it could be for anything the customer owes."""
    fen = bench.ledger.open(owed) * bench.random.randint(20, 80) // 100
    return [Draft(owed.customer.name, bench.remark(), whole(owed, fen), False)]


def too_much(bench: Bench, owed: Owed) -> list[Draft]:
    """The contract's open amount can be told; what is more waits."""
    due = bench.ledger.open_of_contract(owed.contract)
    truth = tuple(Paid(each.receivable_id, each.contract, bench.ledger.open(each)) for each in due)
    more = bench.random.randint(1_00, 5_000_00)
    return [Draft(owed.customer.name, number_written(owed.contract, bench.random), truth, True,
                  fen=sum(each.fen for each in truth) + more)]  # fmt: skip


def two_numbers(bench: Bench, owed: Owed) -> list[Draft]:
    """Two contracts named, each with all that it has open."""
    others = [each for each in bench.ledger.open_of([owed.customer]) if each.contract != owed.contract]
    if not others:
        return by_number(bench, owed)
    named = (owed.contract, others[0].contract)
    due = [each for contract in named for each in bench.ledger.open_of_contract(contract)]
    truth = tuple(Paid(each.receivable_id, each.contract, bench.ledger.open(each)) for each in due)
    return [Draft(owed.customer.name, f"{named[0]}、{named[1]}", truth, len(due) <= 8)]


def on_behalf(bench: Bench, owed: Owed) -> list[Draft]:
    """代付: somebody else pays and says for whom."""
    fen, name = bench.ledger.open(owed), owed.customer.name
    remark = bench.random.choice((f"代{name}付货款", f"受{name}委托付款", f"代付 {name}", f"替{name}支付设备款"))
    payer = bench.random.choice(("王建国", "李秀英", "易通支付服务有限公司", "陈伟"))
    return [Draft(payer, remark, whole(owed, fen), bench.ledger.telling(fen, [owed.customer]))]


def slip_in_number(bench: Bench, owed: Owed) -> list[Draft]:
    """One digit of the number is wrong, payer and amount tell all the same."""
    wrong = slipped(owed.contract, bench.random)
    if bench.ledger.has(wrong):
        return by_name(bench, owed)
    [draft] = _told_by_amount(bench, owed, owed.customer.name)
    return [replace(draft, remark=wrong)]


def other_number(bench: Bench, owed: Owed) -> list[Draft]:
    """A contract that is not in the books yet: a prepayment, though an open amount is the same."""
    fen = bench.ledger.open(owed)
    return [
        Draft(owed.customer.name, f"{owed.contract[:8]}9{bench.random.randrange(10**5):05d} 预付款", (), False, fen=fen)
    ]


def others_number(bench: Bench, owed: Owed) -> list[Draft]:
    """The number is another customer's, by mistake, the amount the payer's own: one of the two is wrong."""
    other = bench.ledger.any_open(bench.random)
    fen = bench.ledger.open(owed)
    if other.customer == owed.customer or any(
        bench.ledger.open(each) == fen for each in bench.ledger.open_of([other.customer])
    ):
        return by_name(bench, owed)
    return [Draft(owed.customer.name, other.contract, whole(owed, fen), False)]


def lookalike(bench: Bench, owed: Owed) -> list[Draft]:
    """A company of nearly the same name that is no customer, with an amount that happens to be open."""
    name = owed.customer.name
    city = bench.random.choice([each for each in CITIES if each not in name])
    other = next((name.replace(each, city) for each in CITIES if each in name), name)
    return [Draft(other, bench.remark(), (), False, fen=bench.ledger.open(owed))]


def bill(bench: Bench, owed: Owed) -> list[Draft]:
    """承兑汇票: named by its contract, counts at maturity."""
    oldest = bench.ledger.oldest(owed.contract)
    matures = START + timedelta(days=bench.random.randint(150, 300))
    remark = f"银行承兑汇票 票号{bench.random.randrange(10**29, 10**30)} 到期日{matures:%Y%m%d} {owed.contract}"
    return [Draft(owed.customer.name, remark, whole(oldest, bench.ledger.open(oldest)), True, matures_on=matures)]


def stranger(bench: Bench, owed: Owed) -> list[Draft]:
    """Money for something else that happens to have an open amount: a deposit, a subsidy, a tax refund."""
    payer = bench.random.choice(("国家税务总局某区税务局", "某区人才服务中心", "张三", "江苏鑫源物流有限公司", ""))
    remark = bench.random.choice(("退税", "稳岗补贴", "押金", "借款", "利息", ""))
    return [Draft(payer, remark, (), False, fen=bench.ledger.open(owed))]


def reversed_booking(bench: Bench, owed: Owed) -> list[Draft]:
    return [Draft(owed.customer.name, "冲正", (), False, fen=bench.ledger.open(owed), reversal=True)]


def _told_by_amount(bench: Bench, owed: Owed, payer: str) -> list[Draft]:
    """The payer is known: its amount tells, when one contract of all it pays for has it open."""
    fen = bench.ledger.open(owed)
    pays_for = bench.books.shared.get(payer, [owed.customer])
    oldest = bench.ledger.oldest_with(fen, owed.contract)
    return [Draft(payer, bench.remark(), whole(oldest, fen), bench.ledger.telling(fen, pays_for))]


def _told_by_likeness(bench: Bench, owed: Owed, payer: str) -> list[Draft]:
    """Nobody knows this spelling; the amount must be open with this customer alone of all whose names it could be."""
    fen = bench.ledger.open(owed)
    alike = [each for each in bench.ledger.customers_with(fen) if each.name[:2] == owed.customer.name[:2]]
    told = len(alike) == 1 and bench.ledger.telling(fen, [owed.customer])
    oldest = bench.ledger.oldest_with(fen, owed.contract)
    return [Draft(payer, bench.remark(), whole(oldest, fen), told)]


# How often each kind comes, and whether it is hard.
MIX: tuple[tuple[Maker, float, bool], ...] = (
    (by_account, 10, False), (by_number, 26, False), (by_name, 22, False),
    (other_spelling, 8, True), (cut, 3, True), (shortened, 3, True), (shared_payer, 4, True), (combined, 4, True),
    (in_parts, 2, True), (less_fee, 3, True), (partial, 3, True), (unnamed_partial, 2, True), (too_much, 1, True),
    (two_numbers, 2, True), (on_behalf, 3, True), (slip_in_number, 2, True), (other_number, 1, True), (bill, 1, True),
    (stranger, 2, True), (reversed_booking, 0.3, True), (others_number, 0.5, True), (lookalike, 1, True),
)  # fmt: skip


def payments(made: Books, count: int, random: Random) -> Iterator[Payment]:
    """In the order of their booking. Each is made for what is still open then; most of the books stays open."""
    bench = Bench(made, random)
    makers, weights = [maker for maker, _, _ in MIX], [weight for _, weight, _ in MIX]
    hard = {maker: is_hard for maker, _, is_hard in MIX}
    number = 0
    while number < count:
        maker = random.choices(makers, weights)[0]
        day = START + timedelta(days=60 + number * 60 // count)
        for draft in maker(bench, bench.ledger.any_open(random)):
            bench.ledger.pay((paid.receivable_id, paid.fen + paid.fee_fen) for paid in draft.truth)
            fen = draft.fen or sum(paid.fen for paid in draft.truth)
            booked = day + timedelta(days=draft.later)
            yield Payment(f"R{number:07d}", maker.__name__, fen, booked, draft.payer, draft.credited, draft.remark,
                          draft.truth, draft.claimable, hard[maker], draft.matures_on, draft.reversal)  # fmt: skip
            number += 1
