"""Territory, baseline and what a rep may take: history and set-up of a new company."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chassis.errors import InvalidInput, Violation
from chassis.unit_of_work import Transaction
from leads.lead.rules import Grade, Position
from leads.roster import store


@dataclass(frozen=True)
class RepProfile:
    """`centre` in WGS-84; `baseline` 0 means the policy's; empty lists mean all."""

    employee_id: str
    centre: Position | None
    radius_km: float
    province: str
    city: str
    grades: tuple[Grade, ...]
    industries: tuple[str, ...]
    baseline: float


def import_rep_profiles(tx: Transaction, profiles: Sequence[RepProfile]) -> int:
    """How many were taken. Raises InvalidInput when one employee appears twice."""
    _refuse_twins(profiles)
    rows = [
        {
            "employee_id": each.employee_id,
            "latitude": each.centre.latitude if each.centre else None,
            "longitude": each.centre.longitude if each.centre else None,
            "radius_km": each.radius_km,
            "province": each.province,
            "city": each.city,
            "grades": [grade.value for grade in each.grades],
            "industries": list(each.industries),
            "baseline": each.baseline,
        }
        for each in sorted(profiles, key=lambda each: each.employee_id)
    ]
    store.save_profiles(tx, rows)
    tx.audit(action="rep_profiles.import", entity="rep_profiles", entity_id="all", after={"profiles": len(rows)})
    return len(rows)


def _refuse_twins(profiles: Sequence[RepProfile]) -> None:
    seen: set[str] = set()
    for at, each in enumerate(profiles):
        if each.employee_id in seen:
            raise InvalidInput.of(
                Violation(
                    f"profiles[{at}].employee_id",
                    f"{each.employee_id} appears twice.",
                    f"{each.employee_id} 重复出现。",
                )
            )
        seen.add(each.employee_id)
