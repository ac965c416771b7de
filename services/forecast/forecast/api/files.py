"""Files that callers name have to be there."""

from __future__ import annotations

from chassis.errors import InvalidInput, NotFound, Violation
from chassis.files import FileStore


class FileMissing(InvalidInput):
    en = "The file is not there. Please upload it first."
    zh = "文件不存在，请先上传。"


def require_file(files: FileStore, file_id: str) -> None:
    """Raises FileMissing."""
    try:
        files.describe(file_id)
    except (InvalidInput, NotFound):
        missing = Violation("file_id", "there is no such file, please upload it first", "文件不存在，请先上传")
        raise FileMissing.of(missing) from None
