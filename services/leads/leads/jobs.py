"""Dated and repeated work → use case."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time, timedelta
from functools import partial
from threading import Event

from chassis.deadline_runner import Handler, Together
from chassis.deadlines import Deadline
from chassis.identity import of_service
from chassis.jobs import Job
from chassis.policy import Policies
from chassis.service import Loop
from chassis.unit_of_work import Transaction
from leads.app import App
from leads.assignment.alert_drift import alert_drift
from leads.assignment.alert_waiting import alert_waiting
from leads.assignment.count_waiting import show_waiting
from leads.assignment.drain_waiting import drain_waiting
from leads.customer_file.count_completeness import count_ended, count_uncounted
from leads.customer_grades.count_marked import show_marked
from leads.customer_grades.mark_customers import mark_nightly
from leads.customer_grades.override_grade import EXPIRES, expire_overrides
from leads.customer_grades.regrade_customers import regrade_due
from leads.customer_merge.suggest_customers import suggest_missing_customers
from leads.duplicates.suggest_duplicates import suggest_missing
from leads.handover.begin_for_frozen import begin_for_frozen
from leads.handover.count_late import show_late
from leads.handover.draft_package import draft_package
from leads.handover.move_ownership import move_handovers
from leads.handover.plan_split import plan_splits
from leads.handover.release_handover import release_due
from leads.handover.remind import remind, tell_late
from leads.handover.rules import HandoverClock
from leads.imports.run_import import run_imports
from leads.policies import ASSIGNMENT, CUSTOMER_GRADES
from leads.pool.index_leads import index_missing
from leads.recall.recall_departed import recall_departed
from leads.recall.rules import RecallClock
from leads.recycle.recycle_leads import recycle_leads, warn_of_recycling
from leads.recycle.rules import RecycleClock
from leads.replay.run_replays import run_replays
from leads.response_clock.fire_clock import fire_golden_clocks, mark_yellow
from leads.response_clock.recount_clocks import recount_clocks
from leads.response_clock.rules import GOLDEN, Clock
from leads.scoring.score_again import score_again
from leads.scoring.train_model import train_model
from leads.signups import rules as signups
from leads.tenders import rules as tenders

# A pass over waiting leads that assigned nobody is repeated after so many pauses.
_IDLE_PAUSES = 4
# So long a lead that just came in is its own call's to assign.
_UNDER_WAY = timedelta(seconds=2)
# Those are told by events: the queue alone gives them to somebody.
_WITHOUT_CALL = (signups.CHANNEL, tenders.CHANNEL)
# Seconds between two looks at the figures of leads that wait.
_FIGURES = 15.0


def _drain(app: App) -> None:
    drain_waiting(app.assigner, _UNDER_WAY, _WITHOUT_CALL)


def _alert(app: App) -> None:
    alert_drift(app.assigner)


def _alert_waiting(app: App) -> None:
    alert_waiting(app.assigner)


def _replay(app: App) -> None:
    run_replays(app.assigner, ASSIGNMENT)


def _train(app: App) -> None:
    uow = app.assigner.uow
    with uow.begin(of_service(uow.service)) as tx:
        train_model(tx, app.assigner.policies.current("score")[1])
        tx.commit()


def _score(app: App) -> None:
    score_again(app.assigner.uow, app.assigner.policies.current("score")[1])


def _count_files(app: App) -> None:
    """Files that other features have changed, and all of them when the policy changes (LD9.1)."""
    version, policy = app.assigner.policies.current("completeness")
    count_uncounted(app.assigner.uow, policy, version)


def _count_ended(app: App) -> None:
    count_ended(app.assigner.uow)


def _mark(app: App) -> None:
    mark_nightly(app.assigner.uow)


def _regrade(app: App) -> None:
    regrade_due(app.assigner.uow, CUSTOMER_GRADES)


def _index(app: App) -> None:
    """Leads and customers that came in before they were compared, or whose event was parked."""
    uow, policy = app.assigner.uow, app.assigner.policies.current("duplicates")[1]
    leads, customers = partial(suggest_missing, policy=policy), partial(suggest_missing_customers, policy=policy)
    for index in (index_missing, leads, customers):
        found = 1
        while found:
            with uow.begin(of_service(uow.service)) as tx:
                found = index(tx)
                tx.commit()


# A shift starts and the caps of the day are new: due instants of their own, so that a moved clock stops there.
JOBS = [
    Job[App]("drain.shift_start", daily_at=time(9, 0), workdays_only=True, run=_drain),
    Job[App]("drain.day_start", daily_at=time(0, 0), run=_drain),
    Job[App]("fairness", daily_at=time(8, 0), run=_alert),
    Job[App]("leads.index", daily_at=time(2, 0), run=_index),
    Job[App]("waiting", every=timedelta(minutes=1), run=_alert_waiting),
    # Somebody waits for it at a screen.
    Job[App]("replay", every=timedelta(seconds=2), run=_replay),
    Job[App]("score.train", daily_at=time(3, 0), run=_train),
    Job[App]("files.ended", daily_at=time(0, 0), run=_count_ended),
    Job[App]("files.count", every=timedelta(seconds=10), run=_count_files),
    Job[App]("customer_grades.all", daily_at=time(1, 0), run=_mark),
    Job[App]("customer_grades", every=timedelta(seconds=5), run=_regrade),
    Job[App]("score.again", every=timedelta(minutes=1), run=_score),
]


def deadlines(policies: Policies) -> dict[str, Handler]:
    """Clock → what happens when it is due."""
    golden: dict[str, Handler] = {clock.value: Together(fire_golden_clocks) for clock in GOLDEN}
    return golden | {
        Clock.YELLOW.value: Together(mark_yellow),
        RecycleClock.WARNING.value: Together(warn_of_recycling),
        RecallClock.DEPARTED.value: recall_departed,
        HandoverClock.DRAFT.value: partial(_draft, policies),
        HandoverClock.FROZEN.value: partial(_frozen, policies),
        HandoverClock.MOVE.value: release_due,
        HandoverClock.LATE.value: tell_late,
        HandoverClock.REMIND.value: partial(_remind, policies),
        EXPIRES: Together(expire_overrides),
        RecycleClock.RETURN.value: Together(partial(_recycle, policies)),
    }


def loops(app: App) -> list[Loop]:
    """Work that starts as soon as there is some: running imports, waiting leads (LD3.8)."""
    return [
        # Two, so that who brings ten rows does not wait for a hundred thousand of somebody else's.
        Loop("imports", partial(_imports, app)),
        Loop("imports beside", partial(_imports, app)),
        Loop("drain", partial(_draining, app)),
        Loop("recount", partial(_recounting, app)),
        Loop("figures", partial(_showing, app)),
        Loop("handover", partial(_handing_over, app)),
    ]


def _recycle(policies: Policies, tx: Transaction, due: Sequence[Deadline]) -> None:
    recycle_leads(tx, due, policies.current("recycle")[1])


def _draft(policies: Policies, tx: Transaction, due: Deadline) -> None:
    draft_package(tx, due, policies.current("handover")[1])


def _frozen(policies: Policies, tx: Transaction, due: Deadline) -> None:
    begin_for_frozen(tx, due, policies.current("handover")[0])


def _remind(policies: Policies, tx: Transaction, due: Deadline) -> None:
    remind(tx, due, policies.current("handover")[1])


def _handing_over(app: App, stop: Event) -> None:
    """Splits that a manager waits to see, and ownership that is due to move (LD10.1)."""
    while not stop.wait(app.drain_pause * _IDLE_PAUSES):
        plan_splits(app.assigner)
        move_handovers(app.assigner)


def _imports(app: App, stop: Event) -> None:
    while not stop.wait(app.drain_pause):
        run_imports(app.importer)


def _recounting(app: App, stop: Event) -> None:
    """A published version holds within 3 s; so do the clocks that follow it."""
    while not stop.wait(1.0):
        recount_clocks(app.assigner.uow, app.assigner.clocks())


def _showing(app: App, stop: Event) -> None:
    """Every replica shows the figures of now: a job runs on one of them, and the others would keep their last ones."""
    while not stop.wait(_FIGURES):
        show_waiting(app.assigner)
        show_late(app.assigner)
        show_marked(app.assigner)


def _draining(app: App, stop: Event) -> None:
    pause = app.drain_pause
    while not stop.wait(pause):
        assigned = drain_waiting(app.assigner, _UNDER_WAY, _WITHOUT_CALL)
        pause = app.drain_pause if assigned else app.drain_pause * _IDLE_PAUSES
