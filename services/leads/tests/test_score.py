"""Lead scores through the service's doors: learned, given, told, explained, estimated by a person."""

from __future__ import annotations

from datetime import timedelta
from math import exp, log
from random import Random
from typing import Any

import pytest
from sqlalchemy import select

from chassis.errors import FailedPrecondition, NotFound
from chassis.identity import of_service
from chassis.kernel.ids import new_id
from chassis.testing.events import deliver
from chassis.testing.identity import as_hq, as_manager, as_rep
from closeloop.leads.v1 import assignment_service_pb2 as assignment_pb
from closeloop.leads.v1 import lead_pb2
from closeloop.leads.v1 import lead_service_pb2 as lead_pb
from closeloop.leads.v1 import score_service_pb2 as pb
from closeloop.leads.v1.score_service_pb2_grpc import ScoreServiceStub
from leads import tables
from leads.scoring import score_again as again
from leads.scoring import store
from leads.scoring.model_rules import Model
from leads.scoring.policy import ScorePolicy
from leads.scoring.quality_rules import Trained
from leads.scoring.score_again import score_again

from .company import UNIT, Company, stamp

SHARES = {"referral": 0.6, "expo": 0.3, "douyin": 0.1}


def scores(company: Company, as_: Any = None) -> ScoreServiceStub:
    return ScoreServiceStub(company.rpc(company.service, as_=as_ or as_hq()))


def score(company: Company, lead_id: str, as_: Any = None) -> pb.LeadScore:
    return scores(company, as_).GetLeadScore(pb.GetLeadScoreRequest(lead_id=lead_id)).score


def capture(company: Company, name: str = "杭州云启科技有限公司", **known: Any) -> lead_pb2.Lead:
    lead: lead_pb2.Lead = company.capture(name, **known).lead
    return lead


def disqualify(company: Company, lead: lead_pb2.Lead) -> None:
    request = lead_pb.DisqualifyLeadRequest(request_id=new_id(), lead_id=lead.lead_id, reason="无预算")
    company.leads(as_rep(lead.owner_id, UNIT)).DisqualifyLead(request)


def train(company: Company) -> pb.ScoreTraining:
    return scores(company).TrainScoreModel(pb.TrainScoreModelRequest(request_id=new_id())).training


def past(company: Company, count: int = 900, seed: int = 1) -> None:
    """Won by their channel's share; imported from the system before, as they were early on."""
    random, rows = Random(seed), []
    for at in range(count):
        channel = random.choice(sorted(SHARES))
        rows.append(
            assignment_pb.ClosedLead(
                external_id=f"OLD-{seed}-{at}",
                owner_id="E1",
                grade=lead_pb2.GRADE_B,
                won=random.random() < SHARES[channel],
                closed_at=stamp(company.clock.now() - timedelta(hours=6 * (count - at))),
                facts=assignment_pb.ClosedLeadFacts(channel=channel),
            )
        )
    company.assignment().ImportClosedLeads(assignment_pb.ImportClosedLeadsRequest(request_id=new_id(), leads=rows))


def tell_own_events(company: Company) -> None:
    """The service hears what it said of its leads."""
    heard = [*company.events("leads.captured"), *company.events("leads.graded")]
    deliver(company.service, *(each.message for each in heard))


def told(company: Company, lead_id: str) -> list[tuple[float, bool]]:
    mine = [each.message for each in company.events("leads.scored") if each.message.lead_id == lead_id]
    return [(round(each.probability, 6), each.own) for each in mine]


@pytest.mark.spec("LD11.1")
def test_a_new_lead_is_scored_with_reasons_that_add_up_and_the_score_is_told(company: Company) -> None:
    company.hire("E1")
    past(company)
    training = train(company)
    assert training.in_force
    assert (training.leads, training.won + training.lost) == (540, 540)
    lead = capture(company, channel="referral")
    other = capture(company, "宁波某医院", channel="douyin", phone="13900000001")
    tell_own_events(company)
    good, poor = score(company, lead.lead_id), score(company, other.lead_id)
    assert good.probability > 0.45 > 0.25 > poor.probability
    total = good.average_log_odds + sum(each.log_odds for each in good.fields)
    assert good.probability == pytest.approx(1 / (1 + exp(-total)))
    first = good.fields[0]
    assert (first.field, first.label_zh, first.level) == ("channel", "来源渠道", "referral")
    assert first.log_odds > 0
    assert told(company, lead.lead_id) == [(round(good.probability, 6), False)]


@pytest.mark.spec("LD11.1")
def test_heard_twice_a_lead_is_scored_and_told_once(company: Company) -> None:
    company.hire("E1")
    past(company)
    train(company)
    lead = capture(company, channel="expo")
    tell_own_events(company)
    tell_own_events(company)
    assert len(told(company, lead.lead_id)) == 1


@pytest.mark.spec("LD11.1")
def test_thin_history_gives_no_score_and_says_so(company: Company) -> None:
    company.hire("E1")
    past(company, count=80)
    training = train(company)
    assert not training.in_force
    assert not training.fields
    lead = capture(company, channel="expo")
    tell_own_events(company)
    found = score(company, lead.lead_id)
    assert not found.HasField("probability")
    assert "too thin" in found.why
    assert "50" in found.why
    assert found.why_zh.startswith("历史数据不足")
    assert told(company, lead.lead_id) == []


@pytest.mark.spec("LD11.1")
def test_without_any_training_the_answer_says_so(company: Company) -> None:
    company.hire("E1")
    lead = capture(company)
    assert "No model" in score(company, lead.lead_id).why
    model = scores(company).GetScoreModel(pb.GetScoreModelRequest())
    assert not model.HasField("in_force")
    assert not model.HasField("last")


@pytest.mark.spec("LD11.1")
def test_a_refused_training_leaves_the_model_in_force(company: Company) -> None:
    company.hire("E1")
    past(company)
    good = train(company)
    company.clock.advance(timedelta(days=365 * 3))  # all of it is of another time by then
    assert not train(company).in_force
    model = scores(company).GetScoreModel(pb.GetScoreModelRequest())
    assert model.in_force.model_id == good.model_id
    assert model.last.why.startswith("History is too thin")


@pytest.mark.spec("LD11.1")
def test_the_model_learns_from_fields_as_they_were_early_on(company: Company) -> None:
    """What a rep finds out in weeks of work must not explain the win of a lead that is an hour old."""
    company.hire("E1")
    lead = capture(company, channel="expo")
    tell_own_events(company)
    company.clock.advance(timedelta(hours=30))
    company.leads().GradeLead(
        lead_pb.GradeLeadRequest(
            request_id=new_id(),
            lead_id=lead.lead_id,
            grade=lead_pb2.GRADE_C,
            reason="面谈",
            qualification=lead_pb2.Qualification(budget_confirmed=True),
        )
    )
    tell_own_events(company)
    disqualify(company, lead)
    with company.service.uow.read(of_service("leads")) as tx:
        [seen] = store.past(tx, company.clock.now() - timedelta(days=30), timedelta(hours=24))
        [all_of_it] = store.past(tx, company.clock.now() - timedelta(days=30), timedelta(hours=48))
    assert (seen.won, seen.fields["budget_confirmed"]) == (False, "")
    assert all_of_it.fields["budget_confirmed"] == "yes"


@pytest.mark.spec("LD11.1")
def test_a_new_model_reaches_open_leads_in_batches_and_is_told_where_it_differs(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(again, "BATCH", 2)
    company.hire("E1")
    leads = [capture(company, f"第{n}公司", channel="expo", phone=f"1390000{n:04d}") for n in range(5)]
    tell_own_events(company)
    past(company)
    train(company)
    uow = company.service.uow
    assert score_again(uow, ScorePolicy()) == 5
    assert score_again(uow, ScorePolicy()) == 0
    assert all(len(told(company, each.lead_id)) == 1 for each in leads)
    train(company)  # from the same past: the same word
    assert score_again(uow, ScorePolicy()) == 5
    assert all(len(told(company, each.lead_id)) == 1 for each in leads)


@pytest.mark.spec("LD11.1")
def test_a_person_s_estimate_counts_is_kept_apart_and_can_be_taken_back(company: Company) -> None:
    company.hire("E1")
    past(company)
    train(company)
    lead = capture(company, channel="douyin")
    tell_own_events(company)
    model = score(company, lead.lead_id).model_probability

    def estimate(probability: float | None, as_: Any = None) -> pb.LeadScore:
        request = pb.EstimateLeadRequest(
            request_id=new_id(), lead_id=lead.lead_id, probability=probability, reason="老板亲自来谈"
        )
        return scores(company, as_ or as_manager("M1", UNIT)).EstimateLead(request).score

    own = estimate(0.8)
    assert (own.probability, own.model_probability, own.own_by) == (0.8, model, "M1")
    train(company)
    score_again(company.service.uow, ScorePolicy())
    kept = score(company, lead.lead_id)
    assert (kept.probability, kept.own_reason) == (0.8, "老板亲自来谈")
    back = estimate(None)
    assert (back.probability, back.HasField("own_probability")) == (model, False)
    rounded = round(model, 6)
    assert told(company, lead.lead_id) == [(rounded, False), (0.8, True), (rounded, False)]
    with pytest.raises(NotFound):
        estimate(0.1, as_rep("E9", unit="/HQ/SOUTH/"))


@pytest.mark.spec("LD11.1")
def test_a_closed_lead_is_estimated_no_more(company: Company) -> None:
    company.hire("E1")
    lead = capture(company)
    disqualify(company, lead)
    request = pb.EstimateLeadRequest(request_id=new_id(), lead_id=lead.lead_id, probability=0.5, reason="再看看")
    with pytest.raises(FailedPrecondition, match="disqualified"):
        scores(company).EstimateLead(request)
    with company.service.runtime.database.connect() as conn:
        assert conn.execute(select(tables.lead_score)).all() == []


@pytest.mark.spec("LD11.1")
def test_many_small_steps_are_told_once_they_add_up(company: Company) -> None:
    company.hire("E1")
    lead, uow, policy = capture(company), company.service.uow, ScorePolicy(told_from=0.01)
    chances = [0.300, 0.306, 0.312, 0.318, 0.324, 0.318]
    for chance in chances:
        model = Model(log(chance / (1 - chance)), {})
        with uow.begin(of_service("leads")) as tx:
            store.add_model(tx, Trained(900, 300, 600, model))
            tx.commit()
        assert score_again(uow, policy) == 1
        assert score(company, lead.lead_id).model_probability == pytest.approx(chance)
    assert told(company, lead.lead_id) == [(0.3, False), (0.312, False), (0.324, False)]


@pytest.mark.spec("LD11.1")
def test_an_estimate_taken_back_before_any_model_leaves_the_first_word_to_be_told(company: Company) -> None:
    company.hire("E1")
    past(company)
    lead = capture(company, channel="expo")
    for probability in (0.3, None):
        request = pb.EstimateLeadRequest(
            request_id=new_id(), lead_id=lead.lead_id, probability=probability, reason="老板亲自来谈"
        )
        scores(company, as_manager("M1", UNIT)).EstimateLead(request)
    train(company)
    assert score_again(company.service.uow, ScorePolicy(told_from=1)) == 1
    assert [own for _, own in told(company, lead.lead_id)] == [True, False]
