"""Files as large as banks and shops send them, written row by row: `rows` in each form, and the same rows for COPY.

Written by hand and not with the code under test.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ACCOUNT = "62220000000000001"
OPENING_FEN = 10**11
CAMT = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"
DETAILS = "<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd>"
CSV_HEADINGS = (
    "账号,账户名称,交易时间,借方发生额（支取）,贷方发生额（收入）,余额,币种,对方户名,对方账号,对方开户机构,"
    "记账日期,摘要,备注,账户明细编号-交易流水号,企业流水号,凭证种类,凭证号,关联账户\r\n"
)
POS_HEADINGS = "store,receipt_no,line,version,sold_at,region,category,sku,units,amount\n"


@dataclass(frozen=True)
class Row:
    """Every other row is money in. `balance`: after it, in fen."""

    number: int
    fen: int
    balance: int

    @property
    def credit(self) -> bool:
        return self.number % 2 == 0

    @property
    def serial(self) -> str:
        return f"{self.number:010d}"

    @property
    def payer(self) -> str:
        return f"杭州第{self.number % 50_000}医疗器械有限公司"

    @property
    def remark(self) -> str:
        return f"货款 合同HT-2026-{self.number:07d}"

    @property
    def clock(self) -> str:
        minutes, second = divmod(self.number % 36_000, 60)
        return f"{9 + minutes // 60:02d}:{minutes % 60:02d}:{second:02d}"


def rows(count: int) -> Iterator[Row]:
    balance = OPENING_FEN
    for number in range(count):
        fen = 10_000 + number % 997
        balance += fen if number % 2 == 0 else -fen
        yield Row(number, fen, balance)


def write_camt(path: Path, count: int) -> None:
    closing = OPENING_FEN
    for each in rows(count):
        closing = each.balance
    with path.open("w", encoding="utf-8") as out:
        out.write(
            f'<?xml version="1.0" encoding="UTF-8"?><Document xmlns="{CAMT}"><BkToCstmrStmt><GrpHdr><MsgId>M1</MsgId>'
            "<CreDtTm>2026-03-10T23:59:00+08:00</CreDtTm></GrpHdr><Stmt><Id>S1</Id><ElctrncSeqNb>1</ElctrncSeqNb>"
            "<CreDtTm>2026-03-10T23:59:00+08:00</CreDtTm><FrToDt><FrDtTm>2026-03-10T00:00:00+08:00</FrDtTm>"
            f"<ToDtTm>2026-03-10T23:59:00+08:00</ToDtTm></FrToDt><Acct><Id><Othr><Id>{ACCOUNT}</Id></Othr></Id>"
            "<Ccy>CNY</Ccy><Svcr><FinInstnId><BICFI>ICBKCNBJ</BICFI></FinInstnId></Svcr></Acct>"
            + _balance("OPBD", OPENING_FEN)
            + _balance("CLBD", closing)
        )
        out.writelines(map(_entry, rows(count)))
        out.write("</Stmt></BkToCstmrStmt></Document>")


def _balance(code: str, fen: int) -> str:
    return (
        f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="CNY">{_yuan(fen)}</Amt>'
        "<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-03-10</Dt></Dt></Bal>"
    )


def _entry(row: Row) -> str:
    """About a kilobyte."""
    party, side = ("Dbtr", "CRDT") if row.credit else ("Cdtr", "DBIT")
    return (
        f'<Ntry><NtryRef>{row.serial}</NtryRef><Amt Ccy="CNY">{_yuan(row.fen)}</Amt><CdtDbtInd>{side}</CdtDbtInd>'
        "<RvslInd>false</RvslInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-03-10</Dt></BookgDt>"
        f"<ValDt><Dt>2026-03-10</Dt></ValDt><AcctSvcrRef>ICBK20260310{row.serial}</AcctSvcrRef>{DETAILS}<NtryDtls>"
        f"<TxDtls><Refs><MsgId>M{row.serial}</MsgId><EndToEndId>E2E-{row.serial}</EndToEndId><TxId>T{row.serial}</TxId>"
        f"</Refs><RltdPties><{party}><Pty><Nm>{row.payer}</Nm><PstlAdr><Ctry>CN</Ctry>"
        f"<AdrLine>浙江省杭州市西湖区文三路{row.number % 900 + 1}号</AdrLine></PstlAdr></Pty></{party}><{party}Acct>"
        f"<Id><Othr><Id>33050161{row.number % 50_000:08d}</Id></Othr></Id></{party}Acct><{party}Agt><FinInstnId><Nm>"
        f"中国建设银行股份有限公司杭州分行</Nm></FinInstnId></{party}Agt></RltdPties><RmtInf><Ustrd>{row.remark}</Ustrd>"
        "</RmtInf></TxDtls></NtryDtls></Ntry>"
    )


def write_csv(path: Path, count: int) -> None:
    """As the e-banking of a bank exports it, in GB18030."""
    with path.open("w", encoding="gb18030", newline="") as out:
        out.write("账户明细查询,,\r\n" + CSV_HEADINGS)
        for each in rows(count):
            money_out, money_in = ("0.00", _yuan(each.fen)) if each.credit else (_yuan(each.fen), "0.00")
            out.write(
                f"{ACCOUNT}\t,科技有限公司,20260310 {each.clock},{money_out},{money_in},{_yuan(each.balance)},人民币元,"
                f"{each.payer},33050161{each.number % 50_000:08d}\t,建行杭州分行,20260310,{each.remark},,"
                f"CCB{each.serial},E2E-{each.serial},,,\r\n"
            )
        out.write(f"合计,,,共 {count} 笔\r\n")


def write_pos(path: Path, count: int) -> None:
    """Receipts of four lines, of 200 shops, 5,000 articles and the days of February."""
    with path.open("w", encoding="utf-8") as out:
        out.write(POS_HEADINGS)
        for number in range(count):
            receipt = number // 4
            out.write(
                f"S{receipt % 200:03d},R{receipt:09d},{number % 4 + 1},1,2026-02-{receipt % 28 + 1:02d}T10:00:00+08:00,"
                f"华东大区,耗材,CON-{number % 5_000},{number % 3 + 1},{number % 300 + 1}.50\n"
            )


def copy_rows(count: int) -> Iterator[str]:
    """What a statement says, for COPY."""
    for each in rows(count):
        yield (
            f"{ACCOUNT},2026-03-10,{each.serial},{each.credit},{each.fen},{each.balance},{each.payer},{each.remark},"
            f"E2E-{each.serial},ICBK20260310{each.serial}\n"
        )


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"
