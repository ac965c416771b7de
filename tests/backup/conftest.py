from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from chassis.local import temporary_folder
from tests.backup.stand import Stand


@pytest.fixture
def stand() -> Iterator[Stand]:
    with temporary_folder("closeloop-backup-") as folder:
        made = Stand(Path(folder))
        yield made
        made.end()
