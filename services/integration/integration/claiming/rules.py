"""Whose money is it? Exact, strong, or a person's decision (N4.1).

Exact 1.00: the credited virtual account, or a contract number in the remark, names one contract. Strong 0.97: a known
payer paid exactly what one contract has open. Everything else waits for a person, with the reason.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from integration.claiming.policy import ClaimingPolicy
from integration.receivables.rules import contract_key, payer_key

EXACT_ACCOUNT = "exact_account"
EXACT_CONTRACT = "exact_contract"
STRONG = "strong_payer_amount"
PERSON = "person"
AUTOMATIC = frozenset({EXACT_ACCOUNT, EXACT_CONTRACT, STRONG})
_TOKEN = re.compile(r"[A-Z0-9]+(?:[-_/.][A-Z0-9]+)*")
_SEPARATOR = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class Arrived:
    """What is still unclaimed of a receipt. `credited_account` is empty or the main account without a virtual one."""

    amount_fen: int
    currency: str
    booked_on: date
    payer_name: str
    credited_account: str
    remark: str
    reversal: bool = False


@dataclass(frozen=True)
class Due:
    """What is still open of a receivable."""

    receivable_id: str
    contract_number: str
    customer_code: str
    customer_name: str
    open_fen: int
    currency: str
    due_on: date
    virtual_account: str = ""


@dataclass(frozen=True)
class Part:
    receivable_id: str
    fen: int


@dataclass(frozen=True)
class Decision:
    """Parts to claim, or none and why a person has to decide."""

    parts: tuple[Part, ...] = ()
    method: str = ""
    confidence: float = 0.0
    en: str = ""
    zh: str = ""


@dataclass
class Book:
    """Everything open, found by contract, virtual account and payer. Claiming from it makes the open amounts smaller.

    `contracts` (numbers by their key) and `accounts` name the paid ones too: money that names them is for nothing else.
    """

    due: dict[str, Due] = field(default_factory=dict)
    payers: Mapping[str, frozenset[str]] = field(default_factory=dict)
    contracts: Mapping[str, frozenset[str]] = field(default_factory=dict)
    accounts: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self._by_contract = _index(self.due.values(), lambda each: each.contract_number)
        self._by_account = _index(self.due.values(), lambda each: each.virtual_account)
        self._by_customer = _index(self.due.values(), lambda each: each.customer_code)

    def add(self, more: Iterable[Due]) -> None:
        """Further open receivables, for ranking."""
        self.due = {each.receivable_id: each for each in more} | self.due
        self.__post_init__()

    def of_contract(self, number: str, currency: str) -> list[Due]:
        return self._open(self._by_contract.get(number, ()), currency)

    def of_account(self, account: str) -> list[Due]:
        return self._open(self._by_account.get(account, ()))

    def of_customer(self, code: str, currency: str) -> list[Due]:
        return self._open(self._by_customer.get(code, ()), currency)

    def take(self, part: Part) -> None:
        due = self.due[part.receivable_id]
        left = due.open_fen - part.fen
        self.due[due.receivable_id] = replace(due, open_fen=left)

    def _open(self, ids: Iterable[str], currency: str | None = None) -> list[Due]:
        """Oldest due first."""
        found = [self.due[each] for each in ids]
        kept = [each for each in found if each.open_fen > 0 and currency in (None, each.currency)]
        return sorted(kept, key=lambda each: (each.due_on, each.receivable_id))


def decide(receipt: Arrived, book: Book, policy: ClaimingPolicy) -> Decision:
    """Never guesses: two possible contracts are a person's decision."""
    if receipt.reversal:
        return Decision(en="the bank reversed a booking", zh="银行冲正入账")
    if receipt.amount_fen <= 0:
        return Decision(en="no amount", zh="金额为零")
    named = contracts_named(receipt.remark, book)
    by_account = {each.contract_number for each in book.of_account(receipt.credited_account)}
    if receipt.credited_account in book.accounts:
        return _by_account(receipt, book, policy, named, by_account)
    if named:
        return _by_contract(receipt, book, policy, named)
    return _by_payer(receipt, book, policy)


def _by_account(
    receipt: Arrived, book: Book, policy: ClaimingPolicy, named: frozenset[str], served: set[str]
) -> Decision:
    if not served:
        return Decision(en="the virtual account has nothing open", zh="该虚拟账户下没有未收款项")
    if named and not named & served:
        return Decision(
            en="the virtual account and the contract in the remark contradict each other",
            zh="虚拟账户与附言中的合同不一致",
        )
    chosen = served & named if named else served
    if len(chosen) > 1:
        return Decision(
            en=f"the virtual account serves {len(chosen)} open contracts", zh=f"该虚拟账户对应 {len(chosen)} 个未收合同"
        )
    return _oldest_first(receipt, book, chosen.pop(), EXACT_ACCOUNT, policy.exact_confidence, policy)


def _by_contract(receipt: Arrived, book: Book, policy: ClaimingPolicy, named: frozenset[str]) -> Decision:
    if len(named) > 1:
        return Decision(
            en=f"the remark names {len(named)} contracts: {', '.join(sorted(named))}",
            zh=f"附言包含 {len(named)} 个合同号：{'、'.join(sorted(named))}",
        )
    return _oldest_first(receipt, book, next(iter(named)), EXACT_CONTRACT, policy.exact_confidence, policy)


def _by_payer(receipt: Arrived, book: Book, policy: ClaimingPolicy) -> Decision:
    customers = book.payers.get(payer_key(receipt.payer_name), frozenset())
    if not customers:
        return Decision(en="the payer is not known and no contract is named", zh="付款人未知且附言没有合同号")
    fitting = [
        each
        for code in sorted(customers)
        for each in book.of_customer(code, receipt.currency)
        if each.open_fen == receipt.amount_fen
    ]
    contracts = {each.contract_number for each in fitting}
    if not contracts:
        return Decision(
            en="the payer is known, but nothing is open in this amount", zh="付款人已知，但没有金额相等的未收款项"
        )
    if len(contracts) > 1:
        return Decision(
            en=f"{len(contracts)} contracts of this payer have exactly this amount open",
            zh=f"该付款人有 {len(contracts)} 个合同的未收金额恰好相等",
        )
    oldest = min(fitting, key=lambda each: (each.due_on, each.receivable_id))
    return _if_sure((Part(oldest.receivable_id, receipt.amount_fen),), STRONG, policy.strong_confidence, policy)


def _oldest_first(
    receipt: Arrived, book: Book, contract: str, method: str, confidence: float, policy: ClaimingPolicy
) -> Decision:
    """Fills the contract's open receivables, oldest due first; what is too much stays unclaimed."""
    parts, left = [], receipt.amount_fen
    for due in book.of_contract(contract, receipt.currency):
        fen = min(left, due.open_fen)
        if fen > 0:
            parts.append(Part(due.receivable_id, fen))
            left -= fen
    if not parts:
        return Decision(en=f"contract {contract} has nothing open", zh=f"合同 {contract} 没有未收款项")
    decision = _if_sure(tuple(parts), method, confidence, policy)
    if left and decision.parts:
        return Decision(
            decision.parts,
            method,
            confidence,
            f"more than contract {contract} has open",
            f"超出合同 {contract} 的未收金额",
        )
    return decision


def _if_sure(parts: tuple[Part, ...], method: str, confidence: float, policy: ClaimingPolicy) -> Decision:
    if confidence >= policy.automatic_from:
        return Decision(parts, method, confidence)
    return Decision(en="not sure enough to claim without a person", zh="匹配置信度不足，需人工认领")


def contracts_named(remark: str, book: Book) -> frozenset[str]:
    """Contract numbers written in a remark, whatever the width, case and separators; never a part of a longer one."""
    found = keys_in(remark, book.contracts) & book.contracts.keys()
    return frozenset(number for key in found for number in book.contracts[key])


def keys_in(remark: str, known: Iterable[str]) -> frozenset[str]:
    """What may be a contract's key: each run of A–Z and digits, and those of `known` that are spelled with others."""
    text = unicodedata.normalize("NFKC", remark).upper()
    squeezed = _SEPARATOR.sub("", text)
    spelled = {key for key in known if not key.isascii() and key in squeezed}
    return frozenset({contract_key(each) for each in _TOKEN.findall(text)} | spelled) - {""}


def state_after(amount_fen: int, claimed_fen: int) -> str:
    if claimed_fen <= 0:
        return "waiting"
    return "claimed" if claimed_fen >= amount_fen else "partly_claimed"


def _index(due: Iterable[Due], key: Callable[[Due], str]) -> dict[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for each in due:
        name = key(each)
        if name:
            found[name].append(each.receivable_id)
    return found
