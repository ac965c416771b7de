from __future__ import annotations

from uuid import UUID

from chassis.kernel.ids import new_id


def test_ids_are_uuid7_and_sort_by_creation() -> None:
    ids = [new_id() for _ in range(5000)]
    assert ids == sorted(ids)
    assert len(set(ids)) == len(ids)
    assert {UUID(one).version for one in ids} == {7}
