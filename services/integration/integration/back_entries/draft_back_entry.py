"""Enter money by hand that the bank has and its feed did not bring: with its voucher and a scan of it (N6.1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row

from chassis.errors import InvalidInput, Violation
from chassis.files import FileStore
from chassis.kernel.calendar import local_date
from chassis.kernel.ids import new_id
from chassis.kernel.money import Money
from chassis.unit_of_work import Transaction
from integration.back_entries import store
from integration.back_entries.errors import NotAScan, SerialAlreadyEntered, UnknownAccount, VoucherAlreadyUsed
from integration.back_entries.told_by_bank import refuse_what_the_bank_told
from integration.receipts import by_hand_store
from integration.receipts.by_hand_rules import key_of

SCANS = ("image/", "application/pdf")


@dataclass(frozen=True)
class Voucher:
    """What a person copies from it. `is_another_receipt`: beside one that looks the same."""

    voucher_number: str
    scan_file_id: str
    account: str
    booked_on: date
    bank_serial: str
    amount: Money
    payer_name: str
    payer_account: str
    remark: str
    reason: str
    is_another_receipt: bool


def look_at_scan(files: FileStore, file_id: str) -> None:
    """Before the transaction: the file store is a neighbour. Raises NoSuchFile or NotAScan."""
    kind = files.describe(file_id).media_type
    if not kind.startswith(SCANS):
        error = NotAScan(media_type=kind)
        error.violations = (Violation("scan_file_id", error.text_en, error.text_zh),)
        raise error


def draft_back_entry(tx: Transaction, voucher: Voucher) -> Row[Any]:
    """Raises one of `errors`, or InvalidInput."""
    keys = _keys(voucher, local_date(tx.now))
    if not by_hand_store.is_account(tx, voucher.account):
        unknown = UnknownAccount(account=voucher.account)
        unknown.violations = (Violation("account", unknown.text_en, unknown.text_zh),)
        raise unknown
    store.lock_vouchers(tx)
    _refuse_used(tx, voucher, *keys)
    refuse_what_the_bank_told(tx, voucher, voucher.amount)
    row = store.add(tx, **_row(tx, voucher, *keys))
    after = {"voucher": voucher.voucher_number, "fen": voucher.amount.fen, "scan": voucher.scan_file_id}
    tx.audit(action="back_entry.draft", entity="back_entry", entity_id=row.id, after=after, why=voucher.reason)
    return row


def _keys(voucher: Voucher, today: date) -> tuple[str, str]:
    """Of the voucher's number and of the serial."""
    keys = {"voucher_number": key_of(voucher.voucher_number), "bank_serial": key_of(voucher.bank_serial)}
    wrong = [
        Violation(name, "must hold letters or digits", "必须包含字母或数字") for name, key in keys.items() if not key
    ]
    if voucher.booked_on > today:
        wrong.append(Violation("booked_on", "must not lie ahead", "不能晚于今天", reason="IN_THE_FUTURE"))
    if voucher.amount.currency != "CNY":
        wrong.append(Violation("amount", "must be in CNY", "币种必须为人民币"))
    if wrong:
        raise InvalidInput.of(*wrong)
    return keys["voucher_number"], keys["bank_serial"]


def _refuse_used(tx: Transaction, voucher: Voucher, voucher_key: str, serial_key: str) -> None:
    if used := store.of_voucher(tx, voucher_key):
        raise VoucherAlreadyUsed(voucher_number=voucher.voucher_number, back_entry_id=used.id, state=used.state)
    if used := store.of_serial(tx, voucher.account, voucher.booked_on, serial_key):
        raise SerialAlreadyEntered(bank_serial=voucher.bank_serial, back_entry_id=used.id, state=used.state)


def _row(tx: Transaction, voucher: Voucher, voucher_key: str, serial_key: str) -> dict[str, Any]:
    copied = {name: value for name, value in vars(voucher).items() if name != "amount"}
    return copied | {
        "id": new_id(),
        "voucher_key": voucher_key,
        "serial_key": serial_key,
        "amount_fen": voucher.amount.fen,
        "currency": voucher.amount.currency,
        "author_id": tx.identity.subject,
        "drafted_at": tx.now,
    }
