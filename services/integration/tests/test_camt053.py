"""Reading camt.053: what a statement says, and what is no statement."""

from __future__ import annotations

from datetime import date, datetime
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integration.receipts.documents import Part, open_document
from integration.receipts.policy import StatementsPolicy
from integration.receipts.reading import NotAStatement
from integration.receipts.rules import Entry
from integration.receipts.statement_file import shown
from services.integration.tests.world import Line, statement

NEXT = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.10"
LINES = [Line("0001", "52000.00", remark="HT-2026-001 货款"), Line("0002", "0.50", credit=False, payer="工商银行")]


def parts(text: str | bytes) -> list[Part]:
    content = text.encode() if isinstance(text, str) else text
    return list(open_document(BytesIO(content), "file", StatementsPolicy(), date(2026, 3, 11)).parts())


def read(text: str | bytes) -> list[Entry]:
    [found] = parts(text)
    return list(found.entries)


def shape(text: str) -> frozenset[str]:
    return open_document(BytesIO(text.encode()), "file", StatementsPolicy(), date.max).survey.shape


@pytest.mark.spec("N1.1")
def test_a_statement_and_its_entries_are_read() -> None:
    [found] = parts(statement(7, LINES, opening="100.00"))
    told = found.statement
    assert (told.bank, told.account, told.sequence, told.currency) == ("ICBKCNBJ", "6222", 7, "CNY")
    assert (told.opening_fen, told.closing_fen) == (10000, 5209950)
    assert told.until == datetime.fromisoformat("2026-03-10T02:00:00+00:00")
    assert found.entries[0] == Entry(
        serial="0001",
        booked_on=date(2026, 3, 10),
        value_on=date(2026, 3, 10),
        credit=True,
        reversal=False,
        amount_fen=5_200_000,
        currency="CNY",
        payer_name="杭州市财政局",
        payer_account="",
        credited_account="6222",
        remark="HT-2026-001 货款",
        end_to_end_id="E2E-0001",
        bank_reference="R0001",
    )
    assert (found.entries[1].credit, found.entries[1].amount_fen) == (False, 50)


@pytest.mark.spec("N1.1")
@pytest.mark.parametrize("version", ["02", "06", "08", "10", "13"])
def test_versions_of_the_format_differ_in_their_namespace_only(version: str) -> None:
    namespace = f"urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}"
    assert len(read(statement(1, LINES, namespace=namespace))) == 2


@pytest.mark.spec("N1.1")
def test_a_bank_that_writes_gb18030_is_read() -> None:
    text = statement(1, LINES).replace("UTF-8", "GB18030")
    assert read(text.encode("gb18030"))[0].payer_name == "杭州市财政局"


@pytest.mark.spec("N1.2")
@settings(max_examples=60)
@given(st.integers(min_value=1, max_value=len(statement(1, LINES).encode()) - 1))
def test_a_file_cut_anywhere_is_no_statement(cut: int) -> None:
    content = statement(1, LINES).encode()[:cut]
    with pytest.raises(NotAStatement) as failure:
        read(content)
    assert failure.value.en
    assert failure.value.zh


def test_a_cut_says_where() -> None:
    whole = statement(1, LINES)
    with pytest.raises(NotAStatement) as failure:
        read(whole[: len(whole) // 2])
    assert failure.value.en == "the XML breaks off or is malformed at line 1"


BOMB = '<!DOCTYPE b [<!ENTITY a "aaaa"><!ENTITY c "&a;&a;&a;&a;">]>'
OUTSIDE = '<!DOCTYPE b [<!ENTITY x SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize("prologue", [BOMB, OUTSIDE, "<!DOCTYPE html>"])
def test_a_document_type_definition_is_refused(prologue: str) -> None:
    text = statement(1, LINES).replace("?><Document", f"?>{prologue}<Document").replace("HT-2026-001", "&x;&c;")
    with pytest.raises(NotAStatement) as failure:
        read(text)
    assert failure.value.field == "DOCTYPE"


@pytest.mark.parametrize(
    ("before", "after", "field"),
    [
        ("<ElctrncSeqNb>1</ElctrncSeqNb>", "", "ElctrncSeqNb"),
        ("<ElctrncSeqNb>1<", "<ElctrncSeqNb>one<", "ElctrncSeqNb"),
        ("<Cd>OPBD</Cd>", "<Cd>ITBD</Cd>", "Bal OPBD"),
        ("<Cd>CLBD</Cd>", "<Cd>ITBD</Cd>", "Bal CLBD"),
        ("<Othr><Id>6222</Id></Othr></Id><Ccy>", "<Othr></Othr></Id><Ccy>", "Acct/Id"),
        ("camt.053.001.08", "camt.054.001.08", "Ntfctn"),
        ("camt.053.001.08", "pain.001.001.08", "Document"),
    ],
)
def test_a_statement_without_what_it_needs_is_refused_whole(before: str, after: str, field: str) -> None:
    text = statement(1, LINES)
    assert before in text
    with pytest.raises(NotAStatement) as failure:
        read(text.replace(before, after))
    assert failure.value.field == field


@pytest.mark.spec("N1.2")
@pytest.mark.parametrize(
    ("before", "after", "field"),
    [
        ('<Amt Ccy="CNY">0.50</Amt>', '<Amt Ccy="CNY">0,50</Amt>', "Amt"),
        ('<Amt Ccy="CNY">0.50</Amt>', '<Amt Ccy="CNY">-0.50</Amt>', "Amt"),
        ('<Amt Ccy="CNY">0.50</Amt>', '<Amt Ccy="CNY">0.505</Amt>', "Amt"),
        ('<Amt Ccy="CNY">0.50</Amt>', '<Amt Ccy="CNY">1e3</Amt>', "Amt"),
        ('<Amt Ccy="CNY">0.50</Amt>', '<Amt Ccy="USD">0.50</Amt>', "Amt"),
        ('<Amt Ccy="CNY">0.50</Amt>', "", "Amt"),
        ("<CdtDbtInd>DBIT</CdtDbtInd><Sts>", "<CdtDbtInd>BOTH</CdtDbtInd><Sts>", "CdtDbtInd"),
        ("<NtryRef>0002</NtryRef>", "", ""),
    ],
)
def test_an_entry_that_can_t_be_read_is_put_aside_alone(before: str, after: str, field: str) -> None:
    text = statement(1, LINES)
    assert before in text
    [found] = parts(text.replace(before, after))
    if not field:
        # The bank's own reference stands in for a serial.
        assert [each.serial for each in found.entries] == ["0001", "R0002"]
        return
    assert [each.serial for each in found.entries] == ["0001"]
    [rejection] = found.rejections
    assert (rejection.field, rejection.raw.place) == (field, "file, entry 2")
    [alone] = parts(rejection.raw.body)
    assert (alone.statement, len(alone.entries), len(alone.rejections)) == (found.statement, 0, 1)


def test_pending_entries_are_not_booked_yet() -> None:
    pending = statement(1, LINES).replace("<Cd>BOOK</Cd>", "<Cd>PDNG</Cd>", 1)
    assert [each.serial for each in read(pending)] == ["0002"]


def test_what_is_no_text_is_refused_and_still_shown() -> None:
    with pytest.raises(NotAStatement):
        read(b"\xff\xfe\x00\x01")
    assert "\x00" not in shown(BytesIO(b"\xff\x00"))


@pytest.mark.spec("N1.2")
def test_the_shape_of_a_document_names_its_elements_and_namespace() -> None:
    found = shape(statement(1, LINES))
    assert "/Document/BkToCstmrStmt/Stmt/Ntry/Amt" in found
    assert shape(statement(1, LINES, namespace=NEXT)) != found
