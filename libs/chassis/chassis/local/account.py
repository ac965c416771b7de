"""The account that the local servers run under: PostgreSQL refuses root, so root steps down to `nobody`."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Account:
    """`uid` None means: as the caller."""

    uid: int | None
    gid: int | None

    @classmethod
    def current(cls) -> Account:
        if os.geteuid() != 0:
            return cls(None, None)
        nobody = pwd.getpwnam("nobody")
        return cls(nobody.pw_uid, nobody.pw_gid)

    def own(self, path: Path) -> None:
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)

    def reaches(self, path: Path) -> bool:
        """Whether every folder above `path` lets this account through."""
        if self.uid is None:
            return True
        return all(_opens(folder, self.uid) for folder in path.resolve().parents)

    def reachable(self, folder: Path, copy_to: Path) -> Path:
        """`folder` itself, or its copy under `copy_to` when the account can't reach it (root's closed home)."""
        if self.reaches(folder / "any"):
            return folder
        copy = copy_to / folder.name
        if not copy.exists():
            partial = copy.with_suffix(".partial")
            shutil.rmtree(partial, ignore_errors=True)
            shutil.copytree(folder, partial, symlinks=True)
            partial.rename(copy)
        return copy


def _opens(folder: Path, uid: int) -> bool:
    status = folder.stat()
    return bool(status.st_mode & stat.S_IXOTH) or status.st_uid == uid
