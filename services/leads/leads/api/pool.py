"""The public pool."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from google.protobuf.json_format import MessageToDict, ParseDict

from chassis.rpc.context import current
from chassis.rpc.paging import Page
from chassis.rpc.servicer import Servicer
from chassis.unit_of_work import Transaction
from closeloop.leads.v1 import lead_pb2
from closeloop.leads.v1 import pool_service_pb2 as pb
from closeloop.leads.v1 import pool_service_pb2_grpc as pb_grpc
from leads.assignment.assign_by_hand import probe_employee
from leads.assignment.assigner import Assigner
from leads.lead.rules import Lead
from leads.mapping import common
from leads.mapping import leads as mapping
from leads.pool import store
from leads.pool.bulk_assign import Handed, bulk_assign, probe_employees
from leads.pool.claim_lead import claim_lead
from leads.pool.extend_protection import extend_protection
from leads.pool.list_pool import PoolWish, list_pool
from leads.pool.policy import PoolPolicy
from leads.pool.release_lead import release_lead
from leads.pool.rules import masked
from leads.pool.undo_bulk_assign import undo_bulk_assign
from leads.roster import store as roster


class PoolService(Servicer, pb_grpc.PoolServiceServicer):
    def __init__(self, assigner: Assigner) -> None:
        super().__init__(assigner.uow)
        self._assigner = assigner

    def ListPool(self, request: pb.ListPoolRequest, context: Any) -> pb.ListPoolResponse:
        def answer(tx: Transaction) -> pb.ListPoolResponse:
            found, token = list_pool(tx, _wish(request.filter), Page.of(request.page))
            return pb.ListPoolResponse(leads=map(_pooled, found), page=common.page(token))

        return self.read(request, answer)

    def ClaimLead(self, request: pb.ClaimLeadRequest, context: Any) -> pb.ClaimLeadResponse:
        checked = probe_employee(self._assigner, current().identity.subject)

        def answer(tx: Transaction) -> pb.ClaimLeadResponse:
            claimed = claim_lead(tx, self._assigner, request.lead_id, checked, self._policy)
            return pb.ClaimLeadResponse(
                lead=_encode(tx, claimed.lead),
                protected_until=common.instant(claimed.protected_until),
                claims_left=claimed.claims_left,
                held_left=claimed.held_left,
            )

        return self.change(request, answer)

    def ReleaseLead(self, request: pb.ReleaseLeadRequest, context: Any) -> pb.ReleaseLeadResponse:
        return self.change(
            request,
            lambda tx: pb.ReleaseLeadResponse(
                lead=_pooled(release_lead(tx, request.lead_id, request.reason, request.etag))
            ),
        )

    def ExtendProtection(self, request: pb.ExtendProtectionRequest, context: Any) -> pb.ExtendProtectionResponse:
        def answer(tx: Transaction) -> pb.ExtendProtectionResponse:
            lead, until, left = extend_protection(tx, request.lead_id, self._policy)
            return pb.ExtendProtectionResponse(
                lead=_encode(tx, lead), protected_until=common.instant(until), extensions_left=left
            )

        return self.change(request, answer)

    def SavePoolFilter(self, request: pb.SavePoolFilterRequest, context: Any) -> pb.SavePoolFilterResponse:
        def answer(tx: Transaction) -> pb.SavePoolFilterResponse:
            store.save_filter(tx, request.saved.name, MessageToDict(request.saved.filter))
            return pb.SavePoolFilterResponse(saved=request.saved)

        return self.change(request, answer)

    def ListPoolFilters(self, request: pb.ListPoolFiltersRequest, context: Any) -> pb.ListPoolFiltersResponse:
        def answer(tx: Transaction) -> pb.ListPoolFiltersResponse:
            saved = [
                pb.SavedPoolFilter(name=row.name, filter=ParseDict(row.filter, pb.PoolFilter()))
                for row in store.filters(tx)
            ]
            return pb.ListPoolFiltersResponse(saved=saved)

        return self.read(request, answer)

    def DeletePoolFilter(self, request: pb.DeletePoolFilterRequest, context: Any) -> pb.DeletePoolFilterResponse:
        def answer(tx: Transaction) -> pb.DeletePoolFilterResponse:
            store.delete_filter(tx, request.name)
            return pb.DeletePoolFilterResponse()

        return self.change(request, answer)

    def BulkAssign(self, request: pb.BulkAssignRequest, context: Any) -> pb.BulkAssignResponse:
        checked = probe_employees(self._assigner, list(request.employee_ids))

        def answer(tx: Transaction) -> pb.BulkAssignResponse:
            batch_id, handed = bulk_assign(tx, self._assigner, list(request.lead_ids), checked, request.reason)
            return pb.BulkAssignResponse(batch_id=batch_id, leads=_handed(handed))

        return self.change(request, answer)

    def UndoBulkAssign(self, request: pb.UndoBulkAssignRequest, context: Any) -> pb.UndoBulkAssignResponse:
        def answer(tx: Transaction) -> pb.UndoBulkAssignResponse:
            return pb.UndoBulkAssignResponse(leads=_handed(undo_bulk_assign(tx, request.batch_id, self._policy)))

        return self.change(request, answer)

    @property
    def _policy(self) -> PoolPolicy:
        policy: PoolPolicy = self._assigner.policies.current("pool")[1]
        return policy


def _wish(wanted: pb.PoolFilter) -> PoolWish:
    return PoolWish(
        text=wanted.text,
        grades=tuple(common.grade(each) if each else None for each in wanted.grades),
        channels=tuple(wanted.channels),
        provinces=tuple(wanted.provinces),
        cities=tuple(wanted.cities),
        industries=tuple(wanted.industries),
    )


def _encode(tx: Transaction, lead: Lead) -> lead_pb2.Lead:
    return mapping.lead(lead, roster.people(tx, [lead.owner_id]))


def _pooled(lead: Lead) -> pb.PoolLead:
    whole = mapping.lead(lead, {})
    return pb.PoolLead(
        lead_id=lead.lead_id,
        company_name=lead.company_name,
        contact_name=lead.contact_name,
        phone=masked(lead.phone),
        grade=whole.grade,
        channel=lead.channel,
        industry=lead.industry,
        province=lead.province,
        city=lead.city,
        need=lead.need,
        bounces=lead.bounces,
        reason=lead.reason,
        reason_zh=lead.reason_zh,
        since=common.instant(lead.waiting_since),
    )


def _handed(handed: Sequence[Handed]) -> list[pb.BulkAssigned]:
    return [
        pb.BulkAssigned(
            lead_id=each.lead_id, employee_id=each.employee_id, done=each.done, why=each.why[0], why_zh=each.why[1]
        )
        for each in handed
    ]
