"""Whose money is it? Exact, strong, third party, fuzzy, or a person's decision (N4.1, N4.2).

The first thing that says whose it is decides: the virtual account, contracts in the remark, for whom the payer says it
pays, who the payer is known to pay for, and last a name that is alike. What is not certain waits, with the reason.
"""

from __future__ import annotations

from integration.claiming.book_rules import Book
from integration.claiming.contract_rules import for_contract, for_contracts
from integration.claiming.fuzzy_rules import for_likeness
from integration.claiming.payer_rules import for_customers
from integration.claiming.policy import ClaimingPolicy
from integration.claiming.remark_rules import contracts_named, names_in
from integration.claiming.rules import EXACT_ACCOUNT, EXACT_CONTRACT, STRONG, THIRD_PARTY, Arrived, Decision
from integration.receivables.name_rules import payer_key


def decide(receipt: Arrived, book: Book, policy: ClaimingPolicy) -> Decision:
    """Never guesses: two possible contracts are a person's decision."""
    if receipt.reversal:
        return Decision(en="the bank reversed a booking", zh="银行冲正入账")
    if receipt.amount_fen <= 0:
        return Decision(en="no amount", zh="金额为零")
    named = contracts_named(receipt.remark, book)
    if receipt.credited_account in book.accounts:
        return _by_account(receipt, book, policy, named)
    if named:
        return _by_contract(receipt, book, policy, named)
    return _by_payer(receipt, book, policy)


def _by_account(receipt: Arrived, book: Book, policy: ClaimingPolicy, named: frozenset[str]) -> Decision:
    served = {each.contract_number for each in book.of_account(receipt.credited_account)}
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
    return for_contract(receipt, book, chosen.pop(), EXACT_ACCOUNT, policy)


def _by_contract(receipt: Arrived, book: Book, policy: ClaimingPolicy, named: frozenset[str]) -> Decision:
    if len(named) > 1:
        return for_contracts(receipt, book, sorted(named), policy)
    (contract,) = named
    if _fits_the_payer_better(receipt, book, contract):
        return Decision(
            en=f"the remark names contract {contract}, the amount is that of the payer's own",
            zh=f"附言指明合同 {contract}，金额却与付款人自己的应收相等",
        )
    return for_contract(receipt, book, contract, EXACT_CONTRACT, policy)


def _fits_the_payer_better(receipt: Arrived, book: Book, contract: str) -> bool:
    """A payer known for others only names a contract where the amount is not open, and has it open itself: a slip."""
    named = book.of_contract(contract, receipt.currency)
    customers = book.payers.get(payer_key(receipt.payer_name), set())
    if not named or any(each.customer_code in customers or each.open_fen == receipt.amount_fen for each in named):
        return False
    return any(each.open_fen == receipt.amount_fen for each in book.of_customers(customers, receipt.currency))


def _by_payer(receipt: Arrived, book: Book, policy: ClaimingPolicy) -> Decision:
    known = book.payers.get(payer_key(receipt.payer_name), set())
    told = frozenset(code for name in names_in(receipt.remark) for code in book.names.get(name, ()))
    if told and not told <= known:
        return for_customers(receipt, book, told, THIRD_PARTY, policy.third_party_confidence, policy)
    if known:
        return for_customers(receipt, book, known, STRONG, policy.strong_confidence, policy)
    return for_likeness(receipt, book, policy)
