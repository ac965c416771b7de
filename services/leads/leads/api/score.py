"""Lead scores and the model behind them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from chassis.policy import Policies
from chassis.rpc.servicer import Servicer
from chassis.unit_of_work import Transaction, UnitOfWork
from closeloop.leads.v1 import score_service_pb2 as pb
from closeloop.leads.v1 import score_service_pb2_grpc as pb_grpc
from leads.mapping import common as mapping
from leads.scoring import store
from leads.scoring.estimate_lead import estimate_lead
from leads.scoring.read_score import Part, Score, part, read_score
from leads.scoring.train_model import train_model


class ScoreService(Servicer, pb_grpc.ScoreServiceServicer):
    def __init__(self, uow: UnitOfWork, policies: Policies) -> None:
        super().__init__(uow)
        self._policies = policies

    def GetLeadScore(self, request: pb.GetLeadScoreRequest, context: Any) -> pb.GetLeadScoreResponse:
        return self.read(request, lambda tx: pb.GetLeadScoreResponse(score=_score(read_score(tx, request.lead_id))))

    def EstimateLead(self, request: pb.EstimateLeadRequest, context: Any) -> pb.EstimateLeadResponse:
        own = request.probability if request.HasField("probability") else None

        def answer(tx: Transaction) -> pb.EstimateLeadResponse:
            estimate_lead(tx, request.lead_id, own, request.reason)
            return pb.EstimateLeadResponse(score=_score(read_score(tx, request.lead_id)))

        return self.change(request, answer)

    def GetScoreModel(self, request: pb.GetScoreModelRequest, context: Any) -> pb.GetScoreModelResponse:
        def answer(tx: Transaction) -> pb.GetScoreModelResponse:
            in_force, last = store.trainings(tx)
            return pb.GetScoreModelResponse(
                in_force=_training(in_force) if in_force else None, last=_training(last) if last else None
            )

        return self.read(request, answer)

    def TrainScoreModel(self, request: pb.TrainScoreModelRequest, context: Any) -> pb.TrainScoreModelResponse:
        policy = self._policies.current("score")[1]

        def answer(tx: Transaction) -> pb.TrainScoreModelResponse:
            train_model(tx, policy)
            _, last = store.trainings(tx)
            return pb.TrainScoreModelResponse(training=_training(last) if last else None)

        return self.change(request, answer)


def _score(found: Score) -> pb.LeadScore:
    own = found.own
    return pb.LeadScore(
        lead_id=found.lead_id,
        probability=found.counts,
        model_probability=found.probability,
        average_log_odds=found.base,
        fields=map(_field, found.parts),
        model_id=found.model_id or 0,
        scored_at=mapping.instant(found.scored_at),
        own_probability=own.own_probability if own else None,
        own_reason=own.own_reason if own else "",
        own_by=own.own_by if own else "",
        own_at=mapping.instant(own.own_at) if own else None,
        why=found.why[0],
        why_zh=found.why[1],
    )


def _field(each: Part) -> pb.ScoredField:
    return pb.ScoredField(
        field=each.field,
        label=each.label[0],
        label_zh=each.label[1],
        level=each.level[0],
        level_zh=each.level[1],
        log_odds=each.log_odds,
    )


def _training(row: Row[Any]) -> pb.ScoreTraining:
    weights = row.body["weights"] if row.body else {}
    return pb.ScoreTraining(
        model_id=row.model_id,
        trained_at=mapping.instant(row.trained_at),
        trained_by=row.trained_by,
        leads=row.fitted_on,
        won=row.won,
        lost=row.lost,
        in_force=row.body is not None,
        quality=_quality(row.quality) if row.quality else None,
        why=row.why,
        why_zh=row.why_zh,
        fields=[
            _field(part(field, level, weight)) for field, levels in weights.items() for level, weight in levels.items()
        ],
    )


def _quality(told: dict[str, Any]) -> pb.ScoreQuality:
    return pb.ScoreQuality(**{**told, "tenths": [pb.ScoreTenth(**each) for each in told["tenths"]]})
