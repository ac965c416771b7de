from __future__ import annotations

from collections.abc import Iterator

import pytest

from chassis.testing.databases import TestDatabases
from chassis.testing.identity import Keys

from .company import Company, company


@pytest.fixture(scope="module", name="company")
def _company(test_databases: TestDatabases, keys: Keys, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    with company(test_databases, keys, tmp_path_factory.mktemp("files")) as made:
        yield made
