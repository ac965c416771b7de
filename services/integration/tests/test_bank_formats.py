"""MT940, camt.054, CSV and JSON of banks: what they say, and what is refused."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import date
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integration.receipts.documents import Document, Part, open_document
from integration.receipts.policy import BankCsv, StatementsPolicy, check
from integration.receipts.reading import NotAStatement
from services.integration.tests.bank_samples import as_bytes, camt054, ccb_csv, front_machine, mt940
from services.integration.tests.world import Line, statement

LINES = [
    Line("0001", "52000.00", remark="HT-2026-001 货款"),
    Line("0002", "0.50", credit=False, payer="工商银行", remark="手续费"),
    Line("0003", "700.00", payer="杭州第一医院", remark="尾款"),
]
FORMATS: dict[str, Callable[[list[Line]], bytes]] = {
    "camt.053": lambda lines: statement(7, lines).encode(),
    "camt.054": lambda lines: camt054(lines).encode(),
    "mt940": lambda lines: mt940(7, lines).encode(),
    "csv": lambda lines: ccb_csv(lines).encode("gb18030"),
    "json": lambda lines: as_bytes(front_machine(lines)),
}


def opened(content: bytes, policy: StatementsPolicy | None = None, latest: date = date(2026, 3, 11)) -> Document:
    return open_document(BytesIO(content), "file", policy or StatementsPolicy(), latest)


def parts(content: bytes, **more: Any) -> list[Part]:
    return list(opened(content, **more).parts())


def refused(content: bytes) -> NotAStatement:
    with pytest.raises(NotAStatement) as failure:
        parts(content)
    assert failure.value.en
    assert failure.value.zh
    return failure.value


@pytest.mark.spec("N1.1")
@pytest.mark.parametrize("format_", FORMATS)
def test_every_format_tells_the_same(format_: str) -> None:
    [part] = parts(FORMATS[format_](LINES))
    assert part.statement.format == format_
    assert part.statement.account == "6222"
    assert part.rejections == ()
    told = [(each.booked_on, each.signed_fen, each.payer_name, each.end_to_end_id) for each in part.entries]
    day = date(2026, 3, 10)
    assert told == [
        (day, 5_200_000, "杭州市财政局", "E2E-0001"),
        (day, -50, "工商银行", "E2E-0002"),
        (day, 70_000, "杭州第一医院", "E2E-0003"),
    ]
    if part.statement.chained:
        assert (part.statement.opening_fen, part.statement.closing_fen) == (0, 5_269_950)
        assert part.entries[0].remark == "HT-2026-001 货款"
    else:
        assert format_ == "camt.054"


@pytest.mark.spec("N1.2")
@pytest.mark.parametrize("format_", FORMATS)
def test_a_file_that_is_cut_short_gives_nothing(format_: str) -> None:
    """Where a whole row or message is missing, only balances can tell; then the statement does not add up."""
    whole = FORMATS[format_](LINES)
    for cut in range(len(whole) // 3, len(whole) - 12, 7):
        try:
            [part] = parts(whole[:cut])
        except NotAStatement:
            continue
        assert format_ == "csv"
        assert part.statement.closing_fen == sum(each.signed_fen for each in part.entries)


@pytest.mark.spec("N1.2")
@pytest.mark.parametrize("format_", FORMATS)
@settings(max_examples=40)
@given(data=st.data())
def test_no_file_brings_the_reader_down(format_: str, data: st.DataObject) -> None:
    whole = bytearray(FORMATS[format_](LINES))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    found = []
    with contextlib.suppress(NotAStatement):
        found = parts(bytes(whole))
    assert all(each.en and each.zh for part in found for each in part.rejections)


@pytest.mark.spec("N1.2")
@pytest.mark.parametrize("format_", ["camt.053", "camt.054", "mt940", "json"])
def test_a_wrong_encoding_is_refused(format_: str) -> None:
    whole = FORMATS[format_](LINES)
    broken = whole.replace("杭州市财政局".encode(), b"\xff\xfe\x81")
    assert broken != whole
    refused(broken)


@pytest.mark.spec("N1.2")
@pytest.mark.parametrize("format_", FORMATS)
def test_an_entry_that_can_t_be_read_is_put_aside_and_can_be_replayed(format_: str) -> None:
    amount = {"mt940": b"0,50", "csv": b'"0.50","0.00"'}.get(format_, b"0.50")
    wrong = {"mt940": b"O,5O", "csv": b'"half","0.00"'}.get(format_, b"half")
    whole = FORMATS[format_](LINES)
    assert amount in whole
    [part] = parts(whole.replace(amount, wrong, 1))
    assert len(part.entries) == 2
    [rejection] = part.rejections
    assert rejection.raw.place.startswith("file, entry 2")
    again = parts(rejection.raw.body.encode()) if format_ not in ("csv", "json") else []
    assert [len(each.entries) for each in again] in ([0], [])
    mended = rejection.raw.body.replace(wrong.decode(), amount.decode())
    if format_ == "csv":
        mended = rejection.raw.body.replace("half", "0.50")
    [good] = parts(mended.encode())
    assert [each.amount_fen for each in good.entries] == [50]


@pytest.mark.spec("N1.2")
@pytest.mark.parametrize("format_", FORMATS)
def test_a_booking_in_the_future_is_put_aside(format_: str) -> None:
    ahead = [LINES[0], Line("0009", "5.00", booked_on="2026-03-20")]
    [part] = parts(FORMATS[format_](ahead))
    assert [each.en for each in part.rejections] == ["booked on 2026-03-20, which is yet to come"]
    assert len(part.entries) == 1
    [later] = parts(FORMATS[format_](ahead), latest=date(2026, 3, 20))
    assert len(later.entries) == 2


@pytest.mark.spec("N1.2")
def test_pages_of_one_mt940_statement_are_one() -> None:
    first = mt940("7/1", LINES[:2]).replace(":62F:", ":62M:")
    second = mt940("7/2", LINES[2:], opening="51999.50").replace(":60F:", ":60M:")
    [part] = parts((first + second).encode())
    assert (part.statement.sequence, len(part.entries)) == (202_600_007, 3)
    assert (part.statement.opening_fen, part.statement.closing_fen) == (0, 5_269_950)
    assert refused(second.encode()).field == ":60F:"


@pytest.mark.spec("N1.1")
def test_mt940_in_subfields_and_reversals() -> None:
    text = mt940(7, LINES[:1], header=False).replace(
        ":86:/EREF/E2E-0001/NAME/杭州市财政局/REMI/HT-2026-001 货款",
        ":86:166?00GUTSCHRIFT?20EREF+E2E-0001?21SVWZ+HT-2026-001?31 33050161?32杭州市财政局",
    )
    [part] = parts(text.encode("gb18030"))
    [entry] = part.entries
    told = (entry.payer_name, entry.payer_account, entry.remark, entry.end_to_end_id, entry.serial)
    assert told == ("杭州市财政局", "33050161", "HT-2026-001", "E2E-0001", "R0001")
    [back] = parts(text.replace("0310C52000", "0310RC52000").encode("gb18030"))
    assert (back.entries[0].credit, back.entries[0].reversal) == (False, True)


@pytest.mark.spec("N1.1")
@pytest.mark.parametrize("newest_first", [False, True])
def test_a_csv_reads_from_either_end(newest_first: bool) -> None:
    [part] = parts(ccb_csv(LINES, opening="100.00", newest_first=newest_first).encode())
    assert (part.statement.opening_fen, part.statement.closing_fen) == (10_000, 5_279_950)


@pytest.mark.spec("N1.1")
def test_a_company_names_the_columns_of_its_bank() -> None:
    layout = BankCsv(
        bank="NBCB", delimiter=";", account_above=r"Account (\d+)", booked_at="Date", serial="No", amount="Amount",
        direction="D/C", balance="Balance", counterparty_name="Party",
    )  # fmt: skip
    text = "Account 6222\nDate;No;D/C;Amount;Balance;Party\n2026-03-10;1;C;5.00;5.00;甲\n2026-03-10;2;D;2.00;3.00;乙\n"
    refused(text.encode())
    [part] = parts(text.encode(), policy=StatementsPolicy(csv={"nbcb": layout}))
    assert [(each.signed_fen, each.payer_name) for each in part.entries] == [(500, "甲"), (-200, "乙")]
    assert (part.statement.account, part.statement.closing_fen, part.statement.bank) == ("6222", 300, "NBCB")


def test_a_layout_that_tells_no_amount_or_account_is_refused() -> None:
    layout = BankCsv(bank="X", booked_at="Date", debit="Out")
    assert [each.en for each in check(StatementsPolicy(csv={"x": layout}))] == [
        "needs either amount or both debit and credit",
        "needs either account or account_above",
        "needs serial or balance to tell rows apart",
    ]
    told_apart = [layout.model_copy(update=each) for each in ({"serial": "No"}, {"balance": "Balance"})]
    assert [len(list(check(StatementsPolicy(csv={"x": each})))) for each in told_apart] == [2, 2]
    with pytest.raises(ValueError, match="no group"):
        BankCsv(bank="X", booked_at="Date", account_above="Account")


@pytest.mark.spec("N2.2")
def test_a_number_left_out_within_an_answer_shows_as_two_statements() -> None:
    page = front_machine(LINES)
    del page["transactions"][1]  # type: ignore[attr-defined]
    found = [each.statement for each in parts(as_bytes(page))]
    assert [(each.first_sequence, each.sequence) for each in found] == [(1, 1), (3, 3)]


@pytest.mark.parametrize(
    "content",
    [b"", b"\x00\x01\x02", b"PK\x03\x04", b"a,b\n1,2\n", b"[]", b'{"transactions": 1}', b"<html></html>", b":20:X\n"],
)
def test_what_is_no_statement_is_refused(content: bytes) -> None:
    refused(content)


BOMB = '<!DOCTYPE b [<!ENTITY a "aaaa"><!ENTITY c "&a;&a;&a;&a;">]>'
OUTSIDE = '<!DOCTYPE b [<!ENTITY x SYSTEM "file:///etc/passwd">]>'


@pytest.mark.spec("N1.2")
@pytest.mark.parametrize("prologue", [BOMB, OUTSIDE])
@pytest.mark.parametrize("distance", [0, 20_000])
def test_entities_are_refused_however_far_down_they_are_declared(prologue: str, distance: int) -> None:
    text = camt054(LINES).replace("?><Document", f"?><!-- {'x' * distance} -->{prologue}<Document")
    assert refused(text.replace("尾款", "&c;&x;").encode()).field == "DOCTYPE"


def test_a_document_of_nothing_but_elements_is_refused() -> None:
    text = statement(1, LINES).replace("<Bal>", "<x/>" * 600_000 + "<Bal>", 1)
    assert "too much between entries" in refused(text.encode()).en


def in_red(text: str, side: str) -> bytes:
    """A row of 100.00 with the figure, negative, on this side."""
    row = {"credit": '"0.00","100.00"', "debit": '"100.00","0.00"'}[side]
    return text.replace(row, row.replace("100.00", "-100.00")).encode()


@pytest.mark.spec("N1.3")
@pytest.mark.parametrize("side", ["credit", "debit"])
def test_a_figure_in_red_is_a_reversal_of_the_other_side(side: str) -> None:
    line = Line("0001", "100.00", credit=side == "credit")
    [part] = parts(in_red(ccb_csv([line]), side))
    [entry] = part.entries
    assert (entry.credit, entry.reversal, entry.amount_fen) == (side == "debit", True, 10_000)
    [plain] = parts(ccb_csv([line]).encode())
    assert (plain.entries[0].credit, plain.entries[0].reversal) == (side == "credit", False)


@pytest.mark.spec("N1.3")
def test_a_figure_in_red_beside_a_word_for_its_side() -> None:
    layout = BankCsv(
        bank="X", account="Account", booked_at="Date", serial="No", amount="Amount", direction="D/C"
    )  # fmt: skip
    text = "Account,Date,No,D/C,Amount\n" + "".join(
        f"6222,2026-03-10,{number},{word},{amount}\n"
        for number, (word, amount) in enumerate([("贷", "-5.00"), ("借", "-5.00"), ("贷", "0.00"), ("借", "0.00")])
    )
    [part] = parts(text.encode(), policy=StatementsPolicy(csv={"x": layout}))
    told = [(each.credit, each.reversal, each.signed_fen) for each in part.entries]
    assert told == [(False, True, -500), (True, True, 500), (True, False, 0), (False, False, 0)]


@pytest.mark.spec("N1.2")
@pytest.mark.parametrize("codec", ["hex", "zlib", "base64", "rot13", "idna", "unicode_escape", "undefined", "nobody"])
def test_an_encoding_that_is_none_of_text_is_refused(codec: str) -> None:
    text = statement(1, LINES).replace('encoding="UTF-8"', f'encoding="{codec}"')
    assert codec in refused(text.encode()).en


@pytest.mark.spec("N1.1")
@pytest.mark.parametrize("codec", ["gbk", "GB2312", "gb18030", "cp936", "utf8", "big5"])
def test_encodings_of_chinese_text_are_read(codec: str) -> None:
    text = statement(1, [Line("1", "1.00", payer="甲公司")]).replace('encoding="UTF-8"', f'encoding="{codec}"')
    [part] = parts(text.encode(codec))
    assert part.entries[0].payer_name == "甲公司"


@pytest.mark.spec("N1.2")
@pytest.mark.parametrize("numbers", [":28:7\r\n:28C:7", ":28C:7\r\n:28:7", ":28:6/2\r\n:28C:7/1"])
def test_mt940_with_both_fields_for_its_number(numbers: str) -> None:
    both = mt940(7, LINES[:2]).replace(":28C:7", numbers)
    [first, second] = parts((both + mt940(8, LINES[2:])).encode())
    assert [(each.statement.sequence, len(each.entries)) for each in (first, second)] == [
        (202_600_007, 2), (202_600_008, 1)
    ]  # fmt: skip


@pytest.mark.spec("N1.2")
@pytest.mark.parametrize("number", [2**53, 2**63, 2**200, 0, -1])
def test_a_number_that_no_reader_holds_is_refused(number: int) -> None:
    assert refused(as_bytes(front_machine(LINES, first=number))).field == "seq"
