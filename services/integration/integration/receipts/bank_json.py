"""Transactions of a bank's front-end machine (前置机) as JSON: numbered one by one, each with the balance after it.

Without a hole in the numbers, the transactions of a page are one statement; a hole begins another, so that it shows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from functools import partial
from itertools import pairwise
from typing import Annotated, Any, BinaryIO, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from chassis.kernel.calendar import SHANGHAI, local_date
from integration.feeds.rules import KeyText, ShortText, shape_of
from integration.receipts.reading import NotAStatement, Survey, Told, fen_of, missing
from integration.receipts.rules import Entry, Statement

FORMAT = "json"
# It is read as a whole; a machine pages its answers.
LARGEST = 16 * 1024 * 1024
# No number from here on is exact in every reader of JSON.
END_OF_NUMBERS = 2**53
Yuan = Annotated[Decimal, Field(max_digits=15, decimal_places=2)]
Currency = Annotated[str, StringConstraints(pattern="^[A-Z]{3}$")]


class _Transaction(BaseModel):
    model_config = ConfigDict(frozen=True)

    seq: int = Field(ge=1, lt=END_OF_NUMBERS)
    serial: KeyText
    booked_at: AwareDatetime = Field(alias="bookedAt")
    value_on: str | None = Field(default=None, alias="valueOn")
    direction: Literal["CRDT", "DBIT"]
    amount: Yuan = Field(ge=0)
    balance: Yuan
    currency: Currency
    reversal: bool = False
    payer_name: ShortText = Field(default="", alias="counterpartyName")
    payer_account: ShortText = Field(default="", alias="counterpartyAccount")
    credited_account: ShortText = Field(default="", alias="creditedAccount")
    remark: ShortText = ""
    end_to_end_id: ShortText = Field(default="", alias="endToEndId")
    reference: ShortText = ""


class BankJson:
    def survey(self, content: BinaryIO) -> Survey:
        bank, account, told = _open(content)
        runs = _runs(told)
        if not runs:
            raise NotAStatement("the answer holds no transaction", "返回内容中没有交易明细", "transactions")
        return Survey(
            tuple(_statement(bank, account, each) for each in runs), frozenset(shape_of(body for _, body in told))
        )

    def entries(self, content: BinaryIO, survey: Survey) -> Iterator[Told]:
        bank, account, told = _open(content)
        for index, run in enumerate(_runs(told)):
            for seq, body in run:
                alone = partial(_alone, bank, account, body)
                try:
                    yield Told(index, seq, _entry(body), alone)
                except NotAStatement as failure:
                    yield Told(index, seq, failure, alone)


def _open(content: BinaryIO) -> tuple[str, str, list[tuple[int, dict[str, Any]]]]:
    if content.seek(0, 2) > LARGEST:
        raise NotAStatement(f"the answer is larger than {LARGEST} bytes", f"返回内容超过 {LARGEST} 字节")
    content.seek(0)
    try:
        body = json.loads(content.read(), parse_float=Decimal)
    except (ValueError, RecursionError):
        raise NotAStatement("the answer is no JSON", "返回内容不是 JSON") from None
    if not isinstance(body, dict) or not isinstance(body.get("transactions"), list):
        raise missing("transactions")
    account = str(body.get("account") or "")
    if not account:
        raise missing("account")
    return str(body.get("bank") or "BANK"), account, [_numbered(each) for each in body["transactions"]]


def _numbered(each: object) -> tuple[int, dict[str, Any]]:
    """Without its number a transaction has no place: the answer as a whole is refused."""
    seq = each.get("seq") if isinstance(each, dict) else None
    if not isinstance(each, dict) or not isinstance(seq, int) or isinstance(seq, bool):
        raise missing("seq")
    if not 1 <= seq < END_OF_NUMBERS:
        raise missing("seq")
    return seq, each


def _runs(told: list[tuple[int, dict[str, Any]]]) -> list[list[tuple[int, dict[str, Any]]]]:
    """In the order of their numbers, each number once, apart where one is left out."""
    ordered = sorted(dict(told).items())
    runs = [ordered[:1]] if ordered else []
    for (before, _), (seq, body) in pairwise(ordered):
        if seq == before + 1:
            runs[-1].append((seq, body))
        else:
            runs.append([(seq, body)])
    return runs


def _statement(bank: str, account: str, run: list[tuple[int, dict[str, Any]]]) -> Statement:
    (first_seq, first), (last_seq, last) = run[0], run[-1]
    opening = _fen(first, "balance") - _signed(first)
    return Statement(
        bank=bank,
        account=account,
        format=FORMAT,
        first_sequence=first_seq,
        sequence=last_seq,
        reference=f"{first_seq}–{last_seq}",
        currency=str(first.get("currency") or "CNY"),
        opening_fen=opening,
        closing_fen=_fen(last, "balance"),
        until=_at(last),
    )


def _entry(body: dict[str, Any]) -> Entry:
    try:
        read = _Transaction.model_validate(body)
        value_on = datetime.fromisoformat(read.value_on).date() if read.value_on else None
    except ValidationError as failure:
        raise missing(str(failure.errors(include_url=False)[0]["loc"][0])) from None
    except ValueError:
        raise missing("valueOn") from None
    credit = read.direction == "CRDT"
    return Entry(
        serial=read.serial,
        booked_on=local_date(read.booked_at),
        value_on=value_on,
        credit=credit,
        reversal=read.reversal,
        amount_fen=fen_of(str(read.amount), "amount"),
        currency=read.currency,
        payer_name=read.payer_name,
        payer_account=read.payer_account,
        credited_account=read.credited_account if credit else "",
        remark=read.remark,
        end_to_end_id=read.end_to_end_id,
        bank_reference=read.reference,
    )


def _signed(body: dict[str, Any]) -> int:
    fen = _fen(body, "amount")
    return fen if body.get("direction") == "CRDT" else -fen


def _fen(body: dict[str, Any], name: str) -> int:
    return fen_of(str(body.get(name, "")), name)


def _at(body: dict[str, Any]) -> datetime:
    try:
        at = datetime.fromisoformat(str(body["bookedAt"]))
    except (KeyError, ValueError):
        raise missing("bookedAt") from None
    return at if at.tzinfo else at.replace(tzinfo=SHANGHAI)


def _alone(bank: str, account: str, body: dict[str, Any]) -> str:
    return json.dumps(
        {"bank": bank, "account": account, "transactions": [body]}, ensure_ascii=False, default=str, sort_keys=True
    )
