"""Who knocks at the doors, and what each may see of three records. Written down by hand on purpose: it is what the
services' own rule is compared with."""

from __future__ import annotations

from dataclasses import dataclass

from chassis.identity import Identity, Level
from chassis.testing.identity import as_partner, as_service, identity

HOME, ABROAD = "/HQ/EAST/HZ1/", "/HQ/WEST/CD1/"


@dataclass(frozen=True)
class Owner:
    """Whose record it is; `mark` stands in its texts, so that a leak is found wherever it comes out."""

    id: str
    unit: str

    @property
    def mark(self) -> str:
        return f"mark-of-{self.id}".replace(":", "-")


@dataclass(frozen=True)
class Role:
    name: str
    identity: Identity
    # Of a mate's record in HOME, and of one in ABROAD.
    sees_team: bool
    sees_foreign: bool

    @property
    def owner(self) -> Owner:
        return Owner(self.identity.subject, self.identity.unit or HOME)

    def sees(self, owner: Owner) -> bool:
        if owner == self.owner:
            return True
        if owner == FOREIGN:
            return self.sees_foreign
        if owner == MATE:
            return self.sees_team
        return self.sees_foreign or (self.sees_team and owner.unit == HOME)


def _person(duty: str, number: str, level: Level, unit: str, *, team: bool, foreign: bool) -> Role:
    duties = (duty,) if duty != "nobody" else ()
    return Role(duty, identity(number, duties=duties, level=level, unit=unit), team, foreign)


MATE = Owner("E00002", HOME)
FOREIGN = Owner("E00003", ABROAD)
# A person without any duty has the level "self", and a unit like everybody.
ROLES = (
    _person("rep", "E00001", "self", HOME, team=False, foreign=False),
    _person("manager", "E00100", "team", HOME, team=True, foreign=False),
    _person("director", "E00200", "team", "/HQ/EAST/", team=True, foreign=False),
    _person("hq", "E00900", "company", "/HQ/", team=True, foreign=True),
    _person("hq_partner", "E00901", "company", "/HQ/", team=True, foreign=True),
    _person("finance", "E00902", "company", "/HQ/", team=True, foreign=True),
    _person("ops", "E00903", "company", "/HQ/", team=True, foreign=True),
    _person("auditor", "E00904", "company", "/HQ/", team=True, foreign=True),
    _person("cio", "E00905", "company", "/HQ/", team=True, foreign=True),
    _person("nobody", "E00999", "self", HOME, team=False, foreign=False),
    Role("partner", as_partner("P1", "partner"), sees_team=False, sees_foreign=False),
    Role("service", as_service("forecast"), sees_team=True, sees_foreign=True),
)
OWNERS = (*(each.owner for each in ROLES), MATE, FOREIGN)
