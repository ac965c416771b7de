from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from chassis.files import FileIsEmpty, FileStore, FileTooLarge, NoSuchFile, safe_name
from chassis.media import media_type

ROWS = "姓名,电话\n王小明,13800000000\n"


@pytest.fixture(params=["folder", "file-url", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> FileStore:
    folder = tmp_path / "files"
    return FileStore({"folder": str(folder), "file-url": folder.as_uri(), "memory": "memory://"}[request.param])


def test_a_folder_that_depends_on_where_the_process_was_started_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="named in full"):
        FileStore(str(FileStore("memory://")))
    assert list(tmp_path.iterdir()) == []


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.spec("P1.7")
def test_what_is_put_is_read_back_under_the_hash_of_its_content(store: FileStore) -> None:
    content = ROWS.encode("gb18030") * 1000
    kept = store.put(io.BytesIO(content), "leads.csv", limit=len(content))
    assert kept.id == hashlib.sha256(content).hexdigest()
    assert (kept.size, kept.media_type, kept.filename) == (len(content), "text/csv", "leads.csv")
    with store.open(kept.id) as file:
        assert file.read() == content
        file.seek(0)
        assert next(csv.reader(io.TextIOWrapper(file, "gb18030"))) == ["姓名", "电话"]
    assert store.describe(kept.id, "leads.csv") == kept


def test_the_same_content_is_kept_once(tmp_path: Path) -> None:
    store = FileStore(str(tmp_path))
    first = store.put([b"one ", b"and the same"], "a.txt", limit=100)
    second = store.put(io.BytesIO(b"one and the same"), "b.txt", limit=100)
    assert first.id == second.id
    assert len(files_in(tmp_path)) == 1


@pytest.mark.spec("P9.1")
def test_beyond_the_limit_reading_stops_and_nothing_is_kept(tmp_path: Path) -> None:
    read = 0

    def endless() -> Iterator[bytes]:
        nonlocal read
        while True:
            read += 1
            yield b"x" * 1024

    with pytest.raises(FileTooLarge):
        FileStore(str(tmp_path)).put(endless(), "big", limit=10 * 1024)
    assert read == 11
    assert files_in(tmp_path) == []


def test_a_sender_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield b"half of it"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        FileStore(str(tmp_path)).put(broken(), "half", limit=100)
    assert files_in(tmp_path) == []


def test_an_upload_larger_than_memory_keeps_is_whole(tmp_path: Path) -> None:
    store = FileStore(str(tmp_path))
    pieces = [bytes([n]) * (1 << 20) for n in range(13)]
    kept = store.put(iter(pieces), "big.bin", limit=13 << 20)
    with store.open(kept.id) as file:
        assert hashlib.sha256(file.read()).hexdigest() == kept.id
    assert kept.size == 13 << 20


def test_an_empty_file_is_refused(store: FileStore) -> None:
    with pytest.raises(FileIsEmpty):
        store.put(io.BytesIO(b""), "empty", limit=10)


def test_a_deleted_file_is_gone_and_deleting_again_is_fine(store: FileStore) -> None:
    kept = store.put([b"content"], "x", limit=10)
    store.delete(kept.id)
    store.delete(kept.id)
    with pytest.raises(NoSuchFile):
        store.open(kept.id)


@pytest.mark.spec("P9.1")
@pytest.mark.parametrize("file_id", ["../../etc/passwd", "", "A" * 64, "0" * 63, "0" * 64 + "\n"])
def test_only_an_id_opens_a_file(store: FileStore, file_id: str) -> None:
    for touch in (store.open, store.describe, store.delete):
        with pytest.raises(NoSuchFile):
            touch(file_id)


@pytest.mark.spec("P9.1")
@pytest.mark.parametrize(
    ("content", "filename", "expected"),
    [
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 20, "photo.csv", "image/png"),
        (b"%PDF-1.7\n", "letter.txt", "application/pdf"),
        (b"MZ" + b"\x00" * 60, "statement.xml", "application/x-msdownload"),
        (b"\x00\x01\x02\x03", "leads.csv", "application/octet-stream"),
        (ROWS.encode(), "leads.csv", "text/csv"),
        (ROWS.encode("gb18030"), "leads.CSV", "text/csv"),
        (ROWS.encode("utf-16"), "leads.csv", "text/csv"),
        (b"\xef\xbb\xbf<?xml version='1.0'?><Document/>", "bank.xml", "application/xml"),
        (b'<?xml version="1.0"?><svg onload="x()"/>', "logo.png", "image/svg+xml"),
        (b"\n <!DOCTYPE html><p>", "note.txt", "text/html"),
        (b'{"a": 1}', "x", "application/json"),
        ("说明".encode(), "x", "text/plain"),
        ("说".encode() * 4000, "x", "text/plain"),
    ],
)
def test_the_media_type_is_judged_by_content(content: bytes, filename: str, expected: str) -> None:
    assert media_type(content, filename) == expected


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("C:\\tmp\\线索.csv", "线索.csv"),
        ("../../a/b.png", "b.png"),
        ("in\u202egpj.exe\x00", "ingpj.exe"),
        ("n" * 500 + ".csv", "n" * 196 + ".csv"),
    ],
)
def test_a_name_as_sent_is_made_safe_to_show(sent: str, shown: str) -> None:
    assert safe_name(sent) == shown
