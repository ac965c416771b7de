"""A database of the release before is keyed anew: names without script and form of the company."""

from __future__ import annotations

from datetime import date
from importlib import util
from types import ModuleType

import pytest

from integration.bootstrap import MIGRATIONS
from integration.receivables.name_rules import payer_key
from integration.tables import known_payer, receivable
from services.integration.tests.conftest import World

NAME = "華東醫療（上海）有限公司"


@pytest.fixture
def step() -> ModuleType:
    spec = util.spec_from_file_location("step", MIGRATIONS / "versions" / "0005_claims_in_depth.py")
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.spec("N4.1")
def test_names_of_the_release_before_are_keyed_anew_and_two_spellings_become_one(
    world: World, step: ModuleType
) -> None:
    owed = {"source_version": 1, "customer_code": "C1", "customer_name": NAME, "amount_fen": 1, "content_hash": b""}
    world.put(
        receivable, owed | {"receivable_id": "AR-1", "due_on": date(2026, 3, 1), "customer_key": "華東醫療上海有限公司"}
    )
    old = [("華東醫療上海有限公司", NAME), ("华东医疗上海有限公司", "华东医疗（上海）有限公司"), ("张三", "张三")]
    rows = [{"customer_code": "C1", "payer_key": key, "payer_name": name, "origin": "erp"} for key, name in old]
    world.put(known_payer, *rows)
    with world.service.uow.database.connect() as conn:
        for _ in range(2):
            step._key_receivables(conn)
            step._key_payers(conn)
        conn.commit()
    assert world.row(receivable).customer_key == payer_key(NAME) == "华东医疗上海"
    assert [row.payer_key for row in world.rows(known_payer)] == ["华东医疗上海", "张三"]
