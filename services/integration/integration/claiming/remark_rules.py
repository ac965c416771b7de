"""What a remark says: contract numbers, and for whom a third party pays (代付)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from rapidfuzz.distance import OSA

from integration.claiming.book_rules import Book
from integration.receivables.name_rules import contract_key, payer_key

_TOKEN = re.compile(r"[A-Z0-9]+(?:[-_/.][A-Z0-9]+)*")
_SEPARATOR = re.compile(r"[\W_]+")
_LETTERS = re.compile(r"^[A-Z]+")
# 代某某付, 受某某委托付款, 为某某代缴 … ; what follows the verb is no part of the name.
_ON_BEHALF = (
    re.compile(r"(?:代|替)[:：为]?(.{2,40}?)(?:支付|付款|付货款|付|缴|转账|打款|汇款|货款|合同款|设备款)"),
    re.compile(r"(?:受|由)?(.{2,40}?)(?:委托)(?:我司|本司)?(?:支付|付款|代付)"),
    re.compile(r"(?:代付|代缴|代转|代收)[:：\s,，(（]*(.{2,40}?)(?:货款|合同款|设备款|款|[\s,，)）;；]|$)"),
)


def contracts_named(remark: str, book: Book) -> frozenset[str]:
    """Contract numbers written in a remark, whatever the width, case and separators; never a part of a longer one."""
    found = keys_in(remark, book.spelled) & book.contracts.keys()
    return frozenset(number for key in found for number in book.contracts[key])


def keys_in(remark: str, spelled: Iterable[str]) -> frozenset[str]:
    """What may be a contract's key: each run of A–Z and digits, and those of `spelled`, which hold other letters."""
    text = unicodedata.normalize("NFKC", remark).upper()
    squeezed = _SEPARATOR.sub("", text)
    written = {key for key in spelled if key in squeezed}
    return frozenset({contract_key(each) for each in _TOKEN.findall(text)} | written) - {""}


def names_in(remark: str) -> frozenset[str]:
    """Keys of whom the payer pays for, by its own words."""
    text = unicodedata.normalize("NFKC", remark)
    return frozenset(payer_key(found) for each in _ON_BEHALF for found in each.findall(text)) - {""}


def contradicts(remark: str, contract: str) -> bool:
    """The remark holds a number of this contract's kind that is another one, by more than a slip of one character."""
    key = contract_key(contract)
    kind = _LETTERS.match(key)
    if not kind:
        return False
    alike = [each for each in keys_in(remark, ()) if each.startswith(kind[0]) and abs(len(each) - len(key)) <= 1]
    return bool(alike) and all(OSA.distance(each, key) > 1 for each in alike)
