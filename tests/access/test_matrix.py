"""Every RPC of the contracts, called as each role for an own, a mate's and a foreign record, on the real services.

The calls are made from the descriptors. Refused ones come first, so that what an admitted call changes can't hide a
leak. What may be answered is compared with `roles.py`, which is written by hand.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest
from google.protobuf.json_format import ParseDict
from google.protobuf.message import Message

from chassis.errors import CloseloopError
from chassis.kernel.ids import new_id
from closeloop.common.v1 import access_pb2
from tests.faults.red import TABLE

from .company import FILE_ID, PAGE_ID, Company
from .contracts import Rpc, every_rpc
from .roles import FOREIGN, MATE, OWNERS, ROLES, Owner, Role
from .rows import REQUESTS, Ids

RPCS = every_rpc()
# Changes that name a record without it being the RPC's own: the record decides all the same.
ABOUT = {"activity.FollowUpService/RecordFollowUp": "lead_id", "activity.CallService/RecordCall": "lead_id"}
# One plan holds everybody's targets: the plan is there for all, its contents by level.
SHARED_PARENT = {"targets.PlanService/GetPlanTree", "targets.PlanService/ListTargetChanges"}
# Imports are for whoever holds the duty, but each sees those of the own level.
STRICTER = {
    "leads.CaptureService/GetImport",
    "leads.CaptureService/ListImportErrors",
    "leads.CaptureService/CancelImport",
    "leads.ImportService/ListImportRows",
    "leads.ImportService/ListKeptLeads",
    "leads.ImportService/RevertImport",
    "leads.ImportService/WriteErrorFile",
}
# The telephone system reports calls of everybody.
TOLD_BY_PARTNERS = {"activity.CallService/RecordCall"}
# What a whole answer needs is out of this test's reach; the refusal that shows the caller was let in.
NEVER_OK = {
    "incentives.RuleService/PublishRule": "RULE_HAS_ERRORS",
    "integration.CallbackService/ReceiveCallback": "CALLBACK_NOT_CONFIGURED",
    "integration.FeedService/RunFeed": "FEED_NOT_CONFIGURED",
    "leads.ImportService/WriteErrorFile": "NOTHING_REFUSED",
    "leads.PoolService/ClaimLead": "ACCOUNT_NOT_VERIFIED",
    "leads.PoolService/ExtendProtection": "NOT_CLAIMED",
}
FILES = {"FILE": FILE_ID, "PAGE": PAGE_ID}
ADMITTED, NO_DUTY, NOT_THERE = "admitted", "PERMISSION_DENIED", "NOT_FOUND"


@dataclass(frozen=True)
class Call:
    """`owner` is whose record it names; None for lists and what has no owner."""

    rpc: Rpc
    role: Role
    owner: Owner | None

    @property
    def expected(self) -> str:
        access, duties = self.rpc.access, self.role.identity.duties
        if access.internal and self.role.identity.kind != "service":
            return NO_DUTY
        if (access.duties or self.role.name == "partner") and not duties.intersection(access.duties):
            return NO_DUTY
        return ADMITTED if self.owner is None or _reaches(self.rpc, self.role, self.owner) else NOT_THERE

    def __str__(self) -> str:
        whose = {None: "", MATE: " for a mate's record", FOREIGN: " for a foreign record"}.get(
            self.owner, " for an own"
        )
        return f"{self.rpc.name} as {self.role.name}{whose}"


@dataclass(frozen=True)
class Outcome:
    """`code` is "OK" or gRPC's; `told` everything the caller can read."""

    code: str
    told: str
    reason: str = ""


def _reaches(rpc: Rpc, role: Role, owner: Owner) -> bool:
    if not (rpc.by_owner or rpc.name in STRICTER) or rpc.name in SHARED_PARENT:
        return True
    return role.sees(owner) or (role.name == "partner" and rpc.name in TOLD_BY_PARTNERS)


def _record_field(rpc: Rpc) -> str:
    return ABOUT.get(rpc.name, rpc.access.resource)


def _calls(rpc: Rpc) -> list[Call]:
    named = _record_field(rpc) != "" or rpc.name.endswith("/CaptureLead")
    return [Call(rpc, role, owner) for role in ROLES for owner in (_owners(role) if named else [None])]


def _owners(role: Role) -> list[Owner]:
    """Only people own records."""
    return [role.owner, MATE, FOREIGN] if role.identity.kind == "person" else [MATE, FOREIGN]


def _request(call: Call, records: dict[Owner, Ids]) -> Message:
    """Raises a plain failure for an RPC that the record factory does not know."""
    rpc, ids = call.rpc, records[call.owner or MATE]
    field = _record_field(rpc)
    assert not field or field in ids, f"{rpc.name}: rows_{rpc.context} makes no record with a {field}"
    given = REQUESTS.get(rpc.name, {})
    values: dict[str, Any] = dict(given(ids, call.role) if callable(given) else given)
    needed = {name: ids[name] for name in _needed(rpc) if name in ids}
    filled = {
        name: FILES.get(value, value) if isinstance(value, str) else value
        for name, value in {**needed, **values}.items()
    }
    if "request_id" in rpc.fields:
        filled["request_id"] = new_id()
    return ParseDict(filled, rpc.request())


def _needed(rpc: Rpc) -> set[str]:
    """Ids of the request, but not the filters of a list."""
    field = _record_field(rpc)
    if field:
        return {field, "plan_id"} & rpc.fields
    return set() if "page" in rpc.fields else {"grant_id"} & rpc.fields


def _call(company: Company, call: Call, request: Message) -> Outcome:
    rpc = call.rpc
    stub = company.channel(rpc.context, call.role.identity).unary_unary(
        rpc.path, request_serializer=rpc.request.SerializeToString, response_deserializer=rpc.response.FromString
    )
    try:
        return Outcome("OK", str(stub(request)))
    except CloseloopError as error:
        told = f"{error.text('en')} {error.text('zh')} {error.metadata} {getattr(error, 'violations', '')}"
        return Outcome(error.code, told, error.reason)


def _judge(call: Call, outcome: Outcome) -> list[str]:
    found = []
    if call.expected == ADMITTED:
        if outcome.code in ("UNAUTHENTICATED", "INVALID_ARGUMENT", "INTERNAL", "UNAVAILABLE", "DEADLINE_EXCEEDED"):
            found.append(f"{call}: {outcome.code} {outcome.told}")
        if outcome.code in (NO_DUTY, NOT_THERE) and not _refused_as_known(call, outcome):
            found.append(f"{call}: refused with {outcome.code} {outcome.reason}, should be let in")
    elif outcome.code != call.expected:
        found.append(f"{call}: {outcome.code} {outcome.reason}, should be {call.expected}")
    if call.rpc.by_owner or call.rpc.name in STRICTER or call.expected != ADMITTED or _brings(call):
        found += [f"{call}: tells of {each.id}" for each in _hidden(call) if each.mark in outcome.told]
    return found


def _refused_as_known(call: Call, outcome: Outcome) -> bool:
    if NEVER_OK.get(call.rpc.name) == outcome.reason:
        return True
    # A manager sees a mate's slip but doesn't confirm it.
    return call.rpc.access.scope == access_pb2.SCOPE_SELF and call.owner != call.role.owner


def _brings(call: Call) -> bool:
    return call.rpc.name.endswith("/CaptureLead")


def _hidden(call: Call) -> list[Owner]:
    """Whose records this answer must not tell of."""
    only_own = call.rpc.access.scope == access_pb2.SCOPE_SELF and call.owner is None
    if call.expected == NO_DUTY:
        return list(OWNERS)
    return [each for each in OWNERS if each != call.role.owner and (only_own or not call.role.sees(each))]


def _missing(call: Call, outcome: Outcome) -> list[str]:
    """A list that shows nobody's rows would prove nothing by hiding some."""
    if call.owner is not None or not call.rpc.by_owner or call.expected != ADMITTED or "request_id" in call.rpc.fields:
        return []
    own = call.role.owner if call.role.identity.kind == "person" else FOREIGN
    only_own = call.rpc.access.scope == access_pb2.SCOPE_SELF
    wanted = [own, *(each for each in (MATE, FOREIGN) if call.role.sees(each) and not only_own)]
    if call.role.identity.kind != "person" and only_own:
        return []
    where = f"rows_{call.rpc.context} makes one with `owner.mark` in a text that the answer shows"
    return [f"{call}: doesn't show the row of {each.id}; {where}" for each in wanted if each.mark not in outcome.told]


def _tells_apart(company: Company, rpc: Rpc, records: dict[Owner, Ids]) -> list[tuple[str, str]]:
    """Ids can't be probed: what is foreign is refused in the words for what was never there."""
    rep, field = ROLES[0], _record_field(rpc)
    foreign = Call(rpc, rep, FOREIGN)
    if not field or foreign.expected != NOT_THERE:
        return []
    answers = []
    for request in (_request(foreign, records), _request(foreign, records)):
        if answers:
            setattr(request, field, new_id() if len(getattr(request, field)) == len(new_id()) else "E99999")
        answers.append(_call(company, foreign, request).told.replace(getattr(request, field), "…"))
    return [(answers[0], answers[1])] if answers[0] != answers[1] else []


@pytest.mark.spec("P1.4")
def test_an_rpc_whose_record_nobody_makes_fails_by_name() -> None:
    access = access_pb2.Access(scope=access_pb2.SCOPE_BY_LEVEL, resource="gadget_id")
    new = replace(RPCS[0], name="leads.GadgetService/GetGadget", context="leads", access=access)
    with pytest.raises(AssertionError, match="GetGadget: rows_leads makes no record with a gadget_id"):
        _request(Call(new, ROLES[0], MATE), {MATE: {}})


@pytest.mark.spec("P1.4", "P9.1")
@pytest.mark.parametrize("rpc", RPCS, ids=lambda rpc: rpc.name)
def test_every_role_gets_what_is_its_own_and_nothing_else(company: Company, rpc: Rpc) -> None:
    records = company.fresh_records(rpc.context)
    calls = sorted(_calls(rpc), key=lambda call: call.expected == ADMITTED)
    outcomes = [(call, _call(company, call, _request(call, records))) for call in calls]
    found = [line for call, outcome in outcomes for line in (*_judge(call, outcome), *_missing(call, outcome))]
    assert not found, "\n".join(["", *found])
    assert _tells_apart(company, rpc, records) == [], "a foreign record and none at all are told apart"
    fine = {outcome.code for _, outcome in outcomes} | {outcome.reason for _, outcome in outcomes}
    assert "OK" in fine or NEVER_OK.get(rpc.name) in fine, f"{rpc.name}: nobody gets an answer: {fine}"


def test_the_page_tells_how_much_is_called() -> None:
    calls = [call for rpc in RPCS for call in _calls(rpc)]
    foreign, wrong = (sum(call.expected == each for call in calls) for each in (NOT_THERE, NO_DUTY))
    told = (
        f"{len(RPCS)} RPCs, {len(calls):,} calls: none; "
        f"{foreign} foreign records not found, {wrong:,} wrong duties refused"
    )
    assert told in TABLE.read_text(), f"docs/reliability.md should say: {told}"
