"""Let a callback in: signed with our token, fresh, and not seen before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from chassis.unit_of_work import Transaction
from integration.callbacks import store
from integration.callbacks.callback_cipher import CallbackCipher
from integration.callbacks.errors import CallbackReplayed, CallbackSignatureWrong, CallbackTooOld
from integration.callbacks.rules import is_fresh

LONGEST_NONCE = 128


@dataclass(frozen=True)
class Signed:
    """What a callback is signed over, and its signature."""

    signature: str
    timestamp: str
    nonce: str
    encrypted: str

    @classmethod
    def of(cls, query: Mapping[str, str], name: str, encrypted: str) -> Signed:
        """`name`: of the signature's parameter."""
        return cls(query.get(name, ""), query.get("timestamp", ""), query.get("nonce", ""), encrypted)


def admit(tx: Transaction, source: str, cipher: CallbackCipher, signed: Signed, real_now: datetime) -> None:
    """The signature first: nobody else may fill the table of nonces. Raises one of `errors`."""
    if not signed.nonce or len(signed.nonce) > LONGEST_NONCE or not signed.encrypted:
        raise CallbackSignatureWrong
    if not cipher.is_signed(signed.signature, signed.timestamp, signed.nonce, signed.encrypted):
        raise CallbackSignatureWrong
    if not is_fresh(signed.timestamp, real_now):
        raise CallbackTooOld
    if not store.is_new_nonce(tx, source, signed.nonce, real_now):
        raise CallbackReplayed
