"""Plans through the real gRPC door, on a real database."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from chassis import migrations
from chassis.errors import AlreadyExists, Conflict, InvalidInput, NotFound, PermissionDenied
from chassis.identity import Identity
from chassis.kernel.ids import new_id
from chassis.service import Service
from chassis.testing.events import deliver, recorded_events
from chassis.testing.identity import as_hq, as_manager, as_rep
from chassis.testing.rpc import Rpc
from closeloop.common.v1.money_pb2 import Money
from closeloop.common.v1.page_pb2 import PageRequest
from closeloop.targets.v1 import plan_service_pb2 as pb
from closeloop.targets.v1.plan_service_pb2_grpc import PlanServiceStub
from targets.bootstrap import CATALOG, MIGRATIONS

MONTH = "2026-03"
ROWS = [
    ("company", "/HQ/", 500_000_00),
    ("region", "/HQ/EAST/", 420_000_00),
    ("team", "/HQ/EAST/HZ1/", 360_000_00),
    ("team", "/HQ/EAST/HZ2/", 50_000_00),
    ("rep", "E1", 40_000_00),
    ("rep", "E2", 30_000_00),
]


class Planning:
    """The plan service as different people call it."""

    def __init__(self, rpc: Rpc, service: Service) -> None:
        self._rpc = rpc
        self._service = service

    def as_(self, identity: Identity) -> PlanServiceStub:
        return PlanServiceStub(self._rpc(self._service, as_=identity))

    def create(self, name: str = "2026", first_month: str = "2026-01", months: int = 12) -> pb.Plan:
        request = pb.CreatePlanRequest(request_id=new_id(), name=name, first_month=first_month, months=months)
        return self.as_(as_hq()).CreatePlan(request).plan

    def fill(self, plan_id: str, rows: list[tuple[str, str, int]] = ROWS) -> pb.ImportPlanNodesResponse:
        request = pb.ImportPlanNodesRequest(
            request_id=new_id(),
            plan_id=plan_id,
            reason="opening",
            rows=[pb.PlanNodeRow(level=a, subject=b, month=MONTH, target=Money(fen=c)) for a, b, c in rows],
        )
        return self.as_(as_hq()).ImportPlanNodes(request)

    def tree(self, plan_id: str, identity: Identity | None = None) -> pb.GetPlanTreeResponse:
        return self.as_(identity or as_hq()).GetPlanTree(pb.GetPlanTreeRequest(plan_id=plan_id, month=MONTH))


@pytest.fixture
def planning(rpc: Rpc, staffed: Service) -> Planning:
    return Planning(rpc, staffed)


@pytest.mark.spec("T2.1")
def test_the_tree_shows_sums_and_gaps_with_names(planning: Planning) -> None:
    plan = planning.create()
    assert planning.fill(plan.plan_id).taken == len(ROWS)

    shown = planning.tree(plan.plan_id)

    assert [node.subject for node in shown.nodes][:2] == ["/HQ/", "/HQ/EAST/"]
    east = shown.nodes[1]
    assert (east.name, east.children.fen, east.gap.fen) == ("华东大区", 410_000_00, 10_000_00)
    assert {node.name for node in shown.nodes if node.level == "rep"} == {"李娜", "张伟"}
    assert shown.gap_summary_zh == "总部 50.00 万元，大区 42.00 万元，团队 41.00 万元，销售 7.00 万元"


@pytest.mark.spec("T2.1")
def test_wrong_rows_are_named_and_the_others_go_in(planning: Planning) -> None:
    plan = planning.create()
    done = planning.fill(plan.plan_id, [("rep", "E404", 1), ("rep", "E1", 5), ("team", "/HQ/EAST/", 1)])
    assert done.taken == 1
    assert [(each.row, each.field) for each in done.errors] == [(1, "subject"), (3, "level")]
    assert done.errors[0].message_zh == "没有工号为 E404 的员工。"


@pytest.mark.spec("T2.1")
def test_a_target_is_not_negative(planning: Planning) -> None:
    plan = planning.create()
    with pytest.raises(InvalidInput) as refused:
        planning.fill(plan.plan_id, [("rep", "E1", -1)])
    assert refused.value.violations[0].field == "rows[0].target"
    assert not planning.tree(plan.plan_id).nodes


@pytest.mark.spec("T2.1")
def test_importing_the_same_file_again_changes_nothing(planning: Planning, staffed: Service) -> None:
    plan = planning.create()
    planning.fill(plan.plan_id)
    planning.fill(plan.plan_id)
    with staffed.uow.database.connect() as conn:
        changed = [event for event in recorded_events(conn, CATALOG) if event.type == "targets.plan_changed"]
    assert len(changed) == len(ROWS)


@pytest.mark.spec("T2.3")
def test_a_change_keeps_who_before_after_and_why(planning: Planning) -> None:
    plan = planning.create()
    planning.fill(plan.plan_id)
    node = next(each for each in planning.tree(plan.plan_id).nodes if each.subject == "E1")

    changed = planning.as_(as_manager("E100")).SetTarget(
        pb.SetTargetRequest(
            request_id=new_id(),
            plan_id=plan.plan_id,
            node_id=node.node_id,
            etag=node.etag,
            target=Money(fen=45_000_00),
            reason_code="market_change",
            note="new school year",
        )
    )

    assert changed.node.target.fen == 45_000_00
    latest = planning.as_(as_hq()).ListTargetChanges(pb.ListTargetChangesRequest(plan_id=plan.plan_id)).changes[0]
    assert (latest.actor, latest.before.fen, latest.after.fen) == ("E100", 40_000_00, 45_000_00)
    assert (latest.reason_code, latest.note, latest.node_name) == ("market_change", "new school year", "李娜")


def set_request(plan: pb.Plan, node: pb.PlanNode, **changes: object) -> pb.SetTargetRequest:
    values = {
        "request_id": new_id(),
        "plan_id": plan.plan_id,
        "node_id": node.node_id,
        "etag": node.etag,
        "target": Money(fen=1),
        "reason_code": "correction",
    }
    return pb.SetTargetRequest(**{**values, **changes})  # type: ignore[arg-type]


@pytest.mark.spec("T2.1", "P1.4")
def test_stale_foreign_and_unreasoned_changes_are_refused(planning: Planning) -> None:
    plan = planning.create()
    planning.fill(plan.plan_id)
    node = next(each for each in planning.tree(plan.plan_id).nodes if each.subject == "E1")

    with pytest.raises(Conflict):
        planning.as_(as_manager()).SetTarget(set_request(plan, node, etag="99"))
    with pytest.raises(InvalidInput):
        planning.as_(as_manager()).SetTarget(set_request(plan, node, reason_code="mood"))
    with pytest.raises(NotFound):
        planning.as_(as_manager(unit="/HQ/NORTH/BJ1/")).SetTarget(set_request(plan, node))
    with pytest.raises(PermissionDenied):
        planning.as_(as_rep("E1")).SetTarget(set_request(plan, node))
    assert next(each for each in planning.tree(plan.plan_id).nodes if each.subject == "E1").target.fen == 40_000_00


@pytest.mark.spec("T2.1", "P1.4")
def test_a_rep_sees_the_own_target_a_manager_the_team(planning: Planning) -> None:
    plan = planning.create()
    planning.fill(plan.plan_id)
    assert [node.subject for node in planning.tree(plan.plan_id, as_rep("E1")).nodes] == ["E1"]
    assert [node.subject for node in planning.tree(plan.plan_id, as_manager()).nodes] == ["/HQ/EAST/HZ1/", "E1"]


@pytest.mark.spec("T2.1")
def test_two_plans_never_cover_one_month(planning: Planning) -> None:
    planning.create("2026")
    with pytest.raises(AlreadyExists) as refused:
        planning.create("spring", "2026-03", 3)
    assert "2026-03" in refused.value.text_zh
    planning.create("2027", "2027-01")


@pytest.mark.spec("T2.1")
def test_a_unit_is_known_by_the_people_below_it(service: Service, rpc: Rpc, employee: Callable) -> None:
    """Nobody works in /HQ/ or /HQ/EAST/ itself."""
    deliver(service, employee("E1"))
    planning = Planning(rpc, service)
    plan = planning.create()
    assert planning.fill(plan.plan_id, ROWS[:3]).taken == 3
    assert planning.fill(plan.plan_id, [("region", "/HQ/WEST/", 1)]).errors[0].field == "subject"


@pytest.mark.spec("T2.1")
def test_a_rep_who_moved_takes_the_target_along_when_the_file_comes_again(
    planning: Planning, staffed: Service, employee: Callable
) -> None:
    plan = planning.create()
    planning.fill(plan.plan_id)
    deliver(staffed, employee("E1", version=2, unit="/HQ/EAST/HZ2/"))
    planning.fill(plan.plan_id)

    (moved,) = (node for node in planning.tree(plan.plan_id).nodes if node.subject == "E1")
    assert moved.unit == "/HQ/EAST/HZ2/"
    changes = planning.as_(as_hq()).ListTargetChanges(pb.ListTargetChangesRequest(plan_id=plan.plan_id)).changes
    assert len(changes) == len(ROWS), "the figure did not change, so no change is told"


@pytest.mark.spec("T2.1")
def test_figures_that_could_not_add_up_are_refused(planning: Planning) -> None:
    plan = planning.create()
    planning.fill(plan.plan_id)
    dollars = Money(fen=1, currency="USD")
    row = pb.PlanNodeRow(level="rep", subject="E1", month=MONTH, target=dollars)
    done = planning.as_(as_hq()).ImportPlanNodes(
        pb.ImportPlanNodesRequest(request_id=new_id(), plan_id=plan.plan_id, reason="x", rows=[row])
    )
    assert (done.taken, [each.field for each in done.errors]) == (0, ["target"])
    with pytest.raises(InvalidInput) as refused:
        planning.as_(as_manager()).SetTarget(set_request(plan, planning.tree(plan.plan_id).nodes[2], target=dollars))
    assert [each.field for each in refused.value.violations] == ["target.currency"]


@pytest.mark.spec("T2.1", "P1.4")
def test_only_headquarters_make_and_fill_plans(planning: Planning) -> None:
    plan = planning.create()
    for identity in (as_rep("E1"), as_manager()):
        with pytest.raises(PermissionDenied):
            planning.as_(identity).CreatePlan(
                pb.CreatePlanRequest(request_id=new_id(), name="x", first_month="2028-01", months=1)
            )
        with pytest.raises(PermissionDenied):
            planning.as_(identity).ImportPlanNodes(
                pb.ImportPlanNodesRequest(
                    request_id=new_id(),
                    plan_id=plan.plan_id,
                    reason="x",
                    rows=[pb.PlanNodeRow(level="rep", subject="E1", month=MONTH, target=Money(fen=1))],
                )
            )
    with pytest.raises(NotFound):
        planning.fill(new_id())


@pytest.mark.spec("T2.3", "P1.4")
def test_changes_are_read_by_those_who_see_the_target(planning: Planning) -> None:
    plan = planning.create()
    planning.fill(plan.plan_id)

    def seen(identity: Identity) -> set[str]:
        request = pb.ListTargetChangesRequest(plan_id=plan.plan_id)
        return {each.node_name for each in planning.as_(identity).ListTargetChanges(request).changes}

    assert seen(as_rep("E1")) == {"李娜"}
    assert seen(as_manager(unit="/HQ/EAST/HZ2/")) == {"杭州二部", "张伟"}
    assert seen(as_manager(unit="/HQ/NORTH/BJ1/")) == set()
    assert len(seen(as_hq())) == len(ROWS)


@pytest.mark.spec("T2.3", "P1.1")
def test_pages_of_changes_and_plans_leave_nothing_out(planning: Planning) -> None:
    plan = planning.create()
    planning.fill(plan.plan_id)
    planning.create("2027", "2027-01")
    stub = planning.as_(as_manager(unit="/HQ/EAST/"))
    changes, token = [], ""
    for _ in range(3):
        page = PageRequest(size=2, token=token)
        answer = stub.ListTargetChanges(pb.ListTargetChangesRequest(plan_id=plan.plan_id, page=page))
        changes += [each.change_id for each in answer.changes]
        token = answer.page.next_token
    assert (len(changes), changes, token) == (5, sorted(set(changes), reverse=True), "")

    first = stub.ListPlans(pb.ListPlansRequest(page=PageRequest(size=1)))
    second = stub.ListPlans(pb.ListPlansRequest(page=PageRequest(size=1, token=first.page.next_token)))
    assert [each.name for each in [*first.plans, *second.plans]] == ["2027", "2026"]
    assert second.page.next_token == ""


@pytest.mark.spec("T2.1")
def test_of_two_who_change_what_they_both_saw_one_is_told(planning: Planning) -> None:
    plan = planning.create()
    planning.fill(plan.plan_id)
    node = next(each for each in planning.tree(plan.plan_id).nodes if each.subject == "E1")
    stub = planning.as_(as_manager())

    def change(fen: int) -> str:
        try:
            stub.SetTarget(set_request(plan, node, target=Money(fen=fen)))
        except Conflict:
            return "refused"
        return "done"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(change, (1, 2))) == ["done", "refused"]


@pytest.mark.spec("T2.1")
def test_the_same_import_request_twice_answers_the_same(planning: Planning) -> None:
    plan = planning.create()
    request = pb.ImportPlanNodesRequest(
        request_id=new_id(),
        plan_id=plan.plan_id,
        reason="opening",
        rows=[
            pb.PlanNodeRow(level="rep", subject=subject, month=MONTH, target=Money(fen=1)) for subject in ("E1", "E404")
        ],
    )
    first, second = (planning.as_(as_hq()).ImportPlanNodes(request) for _ in range(2))
    assert first == second
    assert (first.taken, len(first.errors)) == (1, 1)


def test_the_migrations_make_the_tables_that_the_code_knows(service: Service) -> None:
    migrations.check(service.uow.database.url, MIGRATIONS)
