"""SWIFT MT940 customer statements, one or many in a file, pages of one statement joined.

The fields are read by the mt-940 library, entry by entry; framing is ours, so that a file of any size needs the memory
of one entry. Numbers (:28C:) begin anew each year, so the year is part of a statement's place.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from typing import Any, BinaryIO

from mt940 import tags
from mt940.models import Transactions
from mt940.options import Options
from mt940.processors import transaction_details_post_processor
from mt940.tags import Tag

from chassis.kernel.calendar import instant
from integration.receipts.encodings import AsUtf8, encoding_of
from integration.receipts.reading import NotAStatement, Survey, Told, fen_of, missing, single_line
from integration.receipts.rules import Entry, Statement

YEAR = 100_000
LONGEST_FIELD = 100_000
MOST_LINES = 100
_TAG = re.compile(r"^(?:\{4:)?:(\d\d[A-Z]?):(.*)$", re.DOTALL)
_SENDER = re.compile(r"\{2:O940\d{10}([A-Z0-9]{8})|\{1:F01([A-Z0-9]{8})")
_REFERENCES = re.compile(r"/(EREF|REMI|NAME|ORDP|BENM|ACCT|IBAN)/((?:(?!/[A-Z]{4}/).)*)")
_NO_REFERENCE = {"NONREF", "NOREF"}
# The library reads amounts that are none as zero.
_ENTRY = re.compile(r"\d{6}(?:\d{4}|\s{4})?R?[CD][A-Z]?\d{1,13},\d{0,2}[A-Z][A-Z0-9]{3}")
_BALANCE = re.compile(r"[CD]\d{6}[A-Z]{3}\d{1,13},\d{0,2}$")
_OPENING, _CLOSING = tags.FinalOpeningBalance(), tags.FinalClosingBalance()
_LINE, _DETAILS = tags.Statement(), tags.TransactionDetails()
# What its tags are read with; nothing is ever put into it.
_NOTHING = Transactions(options=Options(applicant_iban=True, unbounded_details=True))
# It writes what it can't read into the log, which must not hold who paid what.
logging.getLogger("mt940").setLevel(logging.CRITICAL)

Field = tuple[str, str]


@dataclass
class _Message:
    """One :20: to its end."""

    bank: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    entries: int = 0

    @property
    def account(self) -> str:
        return self.fields.get("25", "").split("/")[-1].split()[0] if self.fields.get("25", "").strip() else ""

    @property
    def place(self) -> tuple[str, str, int]:
        """Account, number and page."""
        number, _, page = self.fields.get("28C", self.fields.get("28", "")).strip().partition("/")
        return self.account, number, int(page) if page.isdecimal() else 1


class Mt940:
    """Found in the first reading: the encoding, and of each message which statement it is a page of."""

    def __init__(self) -> None:
        self._encoding = ""
        self._statement_of: list[int] = []

    def survey(self, content: BinaryIO) -> Survey:
        shape: set[str] = set()
        pages: list[list[_Message]] = []
        self._encoding, self._statement_of = encoding_of(content), []
        for message in _messages(_fields(content, self._encoding, shape)):
            if pages and _continues(pages[-1][-1], message):
                pages[-1].append(message)
            else:
                pages.append([message])
            self._statement_of.append(len(pages) - 1)
        if not pages:
            raise NotAStatement("the file holds no statement (:20:)", "文件中没有对账单（:20:）", "20")
        return Survey(tuple(_statement(each) for each in pages), frozenset(shape))

    def entries(self, content: BinaryIO, survey: Survey) -> Iterator[Told]:
        index, number = -1, 0
        message, held, statement_of = _Message(), list[Field](), iter(self._statement_of)
        for tag, value in _fields(content, self._encoding, set()):
            if held and tag != "86":
                yield self._told(held, survey.statements[index], index, number, message)
                held = []
            if tag == "20":
                before, index, message = index, next(statement_of), _Message()
                number = number if index == before else 0
            elif tag == "61":
                held, number = [(tag, value)], number + 1
            elif tag == "86" and held:
                held.append((tag, value))
            if tag in {"20", "25", "28C", "28", "60F", "60M"}:
                message.fields[tag] = value
        if held:
            yield self._told(held, survey.statements[index], index, number, message)

    def _told(self, held: list[Field], statement: Statement, index: int, number: int, message: _Message) -> Told:
        alone = _alone(held, message, statement)
        try:
            return Told(index, number, _entry(held, statement, number), alone)
        except NotAStatement as failure:
            return Told(index, number, failure, alone)


def _messages(fields: Iterator[Field]) -> Iterator[_Message]:
    message: _Message | None = None
    bank = ""
    for tag, value in fields:
        if tag == "head":
            bank = value
        elif tag == "20":
            if message is not None:
                yield message
            message = _Message(bank, {"20": value})
        elif message is None:
            raise missing(":20:")
        elif tag == "61":
            message.entries += 1
        elif tag != "86":
            message.fields[tag] = value
    if message is not None:
        yield message


def _fields(content: BinaryIO, encoding: str, shape: set[str]) -> Iterator[Field]:
    """Tags with their values, several lines joined by line feeds; ("head", BIC) for a SWIFT header."""
    tag, lines = "", list[str]()
    for line in _lines(content, encoding):
        header = _SENDER.search(line)
        if header:
            yield "head", header.group(1) or header.group(2)
        found = _TAG.match(line[line.find("{4:") :] if "{4:" in line else line)
        if found or line.startswith(("-}", "{")) or line == "-":
            if tag:
                yield tag, "\n".join(lines)
            tag, lines = (found.group(1), [found.group(2)]) if found else ("", [])
            if tag:
                shape.add(f":{tag}:")
        elif tag and line.strip():
            lines.append(line)
            if len(lines) > MOST_LINES:
                raise NotAStatement(f":{tag}: is too long", f":{tag}: 字段过长", tag)
    if tag:
        yield tag, "\n".join(lines)


def _lines(content: BinaryIO, encoding: str) -> Iterator[str]:
    content.seek(0)
    text, rest = AsUtf8(content, encoding), b""
    while piece := text.read(64 * 1024):
        *whole, rest = (rest + piece).split(b"\n")
        if len(rest) > LONGEST_FIELD:
            raise NotAStatement("a line is too long for MT940", "存在过长的行，不是 MT940 格式")
        yield from (each.decode().rstrip("\r") for each in whole)
    if rest:
        yield rest.decode().rstrip("\r")


def _continues(last: _Message, this: _Message) -> bool:
    (account, number, page), (next_account, next_number, next_page) = last.place, this.place
    return (account, number) == (next_account, next_number) and next_page == page + 1


def _statement(pages: list[_Message]) -> Statement:
    head, end = pages[0], pages[-1]
    account, number, _ = head.place
    if not account:
        raise missing(":25:")
    if not number.isdecimal() or int(number) >= YEAR:
        raise missing(":28C:")
    opening, currency, _ = _balance(head, _OPENING)
    closing, _, closed_on = _balance(end, _CLOSING)
    sequence = closed_on.year * YEAR + int(number)
    owner, _, rest = head.fields["25"].strip().partition("/")
    return Statement(
        bank=head.bank or (owner if rest else "BANK"),
        account=account,
        format="mt940",
        first_sequence=sequence,
        sequence=sequence,
        reference=head.fields["20"].strip()[:60],
        currency=currency,
        opening_fen=opening,
        closing_fen=closing,
        until=instant(closed_on + timedelta(days=1), time()),
    )


def _balance(message: _Message, tag: Tag) -> tuple[int, str, date]:
    name = str(tag.id)
    if name not in message.fields:
        raise missing(f":{name}:")
    value = message.fields[name].strip()
    if not _BALANCE.match(value):
        raise _unreadable(name)
    found = _read(tag, value)[tag.slug]
    return fen_of(str(found.amount.amount), f":{name}:"), str(found.amount.currency), _day(found.date)


def _entry(held: list[Field], statement: Statement, number: int) -> Entry:
    line = held[0][1]
    if not _ENTRY.match(line):
        raise _unreadable("61")
    data = _read(_LINE, line)
    status = str(data["status"]).upper()
    bank_reference = _reference(data.get("bank_reference"))
    details = _details(held)
    value_on = _day(data["date"])
    return Entry(
        serial=bank_reference or f"{statement.sequence}/{number}",
        booked_on=_day(data.get("guessed_entry_date") or value_on),
        value_on=value_on,
        credit=status in {"C", "RD"},
        reversal=status.startswith("R"),
        amount_fen=abs(fen_of(str(data["amount"].amount), ":61:")),
        currency=statement.currency,
        payer_name=details["name"],
        payer_account=details["account"],
        credited_account="",
        remark=details["remark"],
        end_to_end_id=details["reference"] or _reference(data.get("customer_reference")),
        bank_reference=bank_reference,
    )


def _day(day: date) -> date:
    """Without what the library adds."""
    return date(day.year, day.month, day.day)


def _details(held: list[Field]) -> dict[str, str]:
    """Of :86:, structured by ?20 subfields or by /CODE/ words, or free text."""
    free = "".join(value.replace("\n", "") for tag, value in held if tag == "86")
    coded = dict(_REFERENCES.findall(free))
    data: dict[str, Any] = {"transaction_details": free}
    data = transaction_details_post_processor(_NOTHING, _DETAILS, {"transaction_details": free}, data)
    structured = bool(coded) or "transaction_details" not in data
    told = {
        "name": coded.get("NAME") or coded.get("ORDP") or coded.get("BENM") or data.get("applicant_name"),
        "account": coded.get("ACCT") or coded.get("IBAN") or data.get("applicant_iban"),
        "remark": coded.get("REMI") or data.get("purpose") or ("" if structured else free),
        "reference": coded.get("EREF") or data.get("end_to_end_reference"),
    }
    return {key: single_line(str(value or "")).strip("/ ")[:200] for key, value in told.items()}


def _reference(value: object) -> str:
    text = str(value or "").strip()
    return "" if text in _NO_REFERENCE else text


def _read(tag: Tag, value: str) -> dict[str, Any]:
    try:
        return tag(_NOTHING, tag.parse(_NOTHING, value))
    except (RuntimeError, ValueError, ArithmeticError, TypeError) as failure:
        raise _unreadable(str(tag.id)) from failure


def _unreadable(tag: str) -> NotAStatement:
    return NotAStatement(f":{tag}: can't be read", f":{tag}: 无法读取", f":{tag}:")


def _alone(held: list[Field], message: _Message, statement: Statement) -> Callable[[], str]:
    """Balances and number of its statement, and this entry."""
    head = dict(message.fields)

    def document() -> str:
        signed = f"{abs(statement.opening_fen) / 100:.2f}".replace(".", ",")
        closing = f"{abs(statement.closing_fen) / 100:.2f}".replace(".", ",")
        day = (statement.until - timedelta(hours=1)).strftime("%y%m%d")
        number = str(statement.sequence % YEAR)
        fields = [
            ("20", head.get("20", "")),
            ("25", head.get("25", "")),
            ("28C", number),
            ("60F", f"{'C' if statement.opening_fen >= 0 else 'D'}{day}{statement.currency}{signed}"),
            *held,
            ("62F", f"{'C' if statement.closing_fen >= 0 else 'D'}{day}{statement.currency}{closing}"),
        ]
        return "".join(f":{tag}:{value}\n" for tag, value in fields)

    return document
