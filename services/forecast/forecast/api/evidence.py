"""EvidenceService."""

from __future__ import annotations

import grpc

from chassis.files import FileStore
from chassis.policy import Policies
from chassis.rpc.servicer import Servicer
from chassis.unit_of_work import Transaction, UnitOfWork
from closeloop.forecast.v1 import evidence_service_pb2 as pb
from closeloop.forecast.v1 import evidence_service_pb2_grpc as pb_grpc
from forecast.api.files import require_file
from forecast.evidence import store
from forecast.evidence.add_evidence import add_evidence
from forecast.evidence.doubt_evidence import challenge_evidence, withdraw_evidence
from forecast.mapping import inward, outward
from forecast.opportunities.find_opportunity import find_opportunity
from forecast.policies import CREDIBILITY

Context = grpc.ServicerContext


class EvidenceService(Servicer, pb_grpc.EvidenceServiceServicer):
    def __init__(self, uow: UnitOfWork, policies: Policies, files: FileStore) -> None:
        super().__init__(uow)
        self._policies = policies
        self._files = files

    def AddEvidence(self, request: pb.AddEvidenceRequest, context: Context) -> pb.AddEvidenceResponse:
        _, policy = self._policies.current(CREDIBILITY)
        require_file(self._files, request.file_id)

        def decide(tx: Transaction) -> pb.AddEvidenceResponse:
            added = add_evidence(tx, request.opportunity_id, inward.proof(request), policy)
            deal = find_opportunity(tx, request.opportunity_id)
            return pb.AddEvidenceResponse(evidence=outward.evidence(added), opportunity=outward.opportunity(deal))

        return self.change(request, decide)

    def ListEvidence(self, request: pb.ListEvidenceRequest, context: Context) -> pb.ListEvidenceResponse:
        def query(tx: Transaction) -> pb.ListEvidenceResponse:
            find_opportunity(tx, request.opportunity_id)
            found = store.list_evidence(tx, request.opportunity_id)
            return pb.ListEvidenceResponse(evidence=[outward.evidence(each) for each in found])

        return self.read(request, query)

    def ChallengeEvidence(self, request: pb.ChallengeEvidenceRequest, context: Context) -> pb.ChallengeEvidenceResponse:
        return self.change(
            request,
            lambda tx: pb.ChallengeEvidenceResponse(
                evidence=outward.evidence(challenge_evidence(tx, request.evidence_id, request.reason))
            ),
        )

    def WithdrawEvidence(self, request: pb.WithdrawEvidenceRequest, context: Context) -> pb.WithdrawEvidenceResponse:
        _, policy = self._policies.current(CREDIBILITY)

        def decide(tx: Transaction) -> pb.WithdrawEvidenceResponse:
            withdrawn = withdraw_evidence(tx, request.evidence_id, request.reason, policy)
            deal = find_opportunity(tx, withdrawn.opportunity_id)
            return pb.WithdrawEvidenceResponse(
                evidence=outward.evidence(withdrawn), opportunity=outward.opportunity(deal)
            )

        return self.change(request, decide)
