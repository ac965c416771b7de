"""Files in and out."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path

import httpx
import pytest

from .conftest import Door, Opener
from .neighbours import Company

FILES = "/api/v1/files"
CSV = "公司,电话\n临安电子,13800138000\n".encode("gb18030")
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n"


def upload(client: httpx.Client, content: bytes, name: str = "线索.csv", kind: str = "text/csv") -> httpx.Response:
    return client.post(FILES, files={"file": (name, content, kind)})


@pytest.mark.spec("P1.7")
def test_a_file_is_kept_by_its_content_and_opens_by_its_link(rep: httpx.Client) -> None:
    kept = upload(rep, CSV)
    assert kept.status_code == 201
    told = kept.json()
    assert told["fileId"] == hashlib.sha256(CSV).hexdigest()
    assert (told["size"], told["mediaType"]) == (str(len(CSV)), "text/csv")

    opened = rep.get(told["url"] + "&name=线索.csv")
    assert opened.content == CSV
    assert opened.headers["content-disposition"].startswith("attachment; filename*=UTF-8''")
    assert opened.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in opened.headers["content-security-policy"]


@pytest.mark.spec("P1.7")
def test_the_type_is_judged_by_content_not_by_name_or_claim(rep: httpx.Client) -> None:
    told = upload(rep, PDF, "photo.jpg", "image/jpeg").json()
    assert told["mediaType"] == "application/pdf"


ELF = b"\x7fELF" + bytes(60)
TRAPS = [
    ("a program as a table", ELF, "leads.csv"),
    ("a page as text", b"<html><script>alert(1)</script></html>", "leads.csv"),
    ("a drawing with a script", b'<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>', "logo.png"),
    ("noise", bytes(range(1, 9)) * 64, "leads.csv"),
]


@pytest.mark.spec("P1.7", "P9.1")
@pytest.mark.parametrize(("content", "name"), [trap[1:] for trap in TRAPS], ids=[trap[0] for trap in TRAPS])
def test_what_is_not_taken_is_415_and_not_kept(rep: httpx.Client, content: bytes, name: str) -> None:
    refused = upload(rep, content, name)
    assert (refused.status_code, refused.json()["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert rep.post(f"{FILES}/{hashlib.sha256(content).hexdigest()}:link").status_code == 404


@pytest.mark.spec("P1.7")
def test_a_workbook_is_taken(rep: httpx.Client) -> None:
    book = io.BytesIO()
    with zipfile.ZipFile(book, "w") as parts:
        parts.writestr("[Content_Types].xml", "<Types/>")
        parts.writestr("xl/workbook.xml", "<workbook/>")
    assert upload(rep, book.getvalue(), "leads.xlsx").status_code == 201


@pytest.mark.spec("P1.7")
def test_an_empty_file_and_a_form_without_one(rep: httpx.Client) -> None:
    assert upload(rep, b"").json()["reason"] == "FILE_IS_EMPTY"
    nothing = rep.post(FILES, files={"other": ("a.csv", CSV)})
    assert nothing.json()["violations"][0]["field"] == "file"
    assert rep.post(FILES, data={"file": "text"}, files={"x": ("a", b"b")}).status_code == 400
    two = [("file", ("a.csv", CSV)), ("file", ("b.csv", CSV))]
    assert rep.post(FILES, files=two).json()["reason"] == "NOT_A_FORM"


@pytest.mark.spec("P1.7")
@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("application/json", b"{}", 415),
        ("multipart/form-data", b"x", 400),
        ("multipart/form-data; boundary=b", b"--b\r\nbroken", 400),
        ("multipart/form-data; boundary=b", b"", 400),
    ],
)
def test_a_body_that_is_no_form(rep: httpx.Client, kind: str, body: bytes, status: int) -> None:
    answer = rep.post(FILES, content=body, headers={"content-type": kind})
    assert answer.status_code == status, answer.text
    assert "boundary" not in answer.json()["detail"].lower()


@pytest.mark.spec("P1.7", "P1.5")
def test_a_file_above_the_limit_is_413_and_leaves_nothing(opener: Opener, company: Company, tmp_path: Path) -> None:
    with opener.open(company, upload_limit=200_000, files_url=str(tmp_path / "files")) as door:
        rep = door.as_("E00001")
        for size in (200_001, 500_000):
            refused = upload(rep, b"a,b\n" * (size // 4) + b"x" * (size % 4))
            assert refused.status_code == 413, refused.text
        assert upload(rep, b"a,b\n" * 50_000).status_code == 201
    assert len([each for each in (tmp_path / "files").rglob("*") if each.is_file()]) == 1


@pytest.mark.spec("P9.1")
def test_a_link_is_for_one_person_one_file_and_a_short_time(door: Door, opener: Opener, company: Company) -> None:
    one, other = door.as_("E00001"), door.as_("E00002")
    told, second = upload(one, CSV).json(), upload(one, PDF).json()
    token = told["url"].partition("token=")[2]

    assert door.client.get(told["url"]).status_code == 401
    assert other.get(told["url"]).status_code == 403
    assert one.get(f"{FILES}/{second['fileId']}?token={token}").status_code == 403
    assert one.get(f"{FILES}/{told['fileId']}").status_code == 403
    assert one.get(f"{FILES}/{told['fileId']}?token={token}x").status_code == 403
    assert other.get(other.post(f"{FILES}/{told['fileId']}:link").json()["url"]).content == CSV

    with opener.open(company, link_life=0.001) as short:
        rep = short.as_("E00001")
        assert rep.get(upload(rep, CSV).json()["url"]).status_code == 403


@pytest.mark.spec("P9.1")
@pytest.mark.parametrize("file_id", ["..%2f..%2fetc%2fpasswd", "0" * 64, "x"])
def test_an_id_that_is_no_file(rep: httpx.Client, file_id: str) -> None:
    assert rep.post(f"{FILES}/{file_id}:link").status_code == 404
