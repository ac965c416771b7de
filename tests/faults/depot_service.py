"""The depot as a process of its own: `python -m tests.faults.depot_service all`. Started and killed by the tests."""

from __future__ import annotations

import os
from pathlib import Path
from threading import Thread
from typing import Any

import depot_pb2
import depot_pb2_grpc
from sqlalchemy import text

from chassis.config import Settings
from chassis.consumer import on
from chassis.deadlines import Deadline
from chassis.events import EventCatalog, Incoming
from chassis.kernel.ids import new_id
from chassis.policy import Policies
from chassis.rpc.servicer import Servicer
from chassis.service import Runtime, Service, main
from chassis.unit_of_work import Transaction, UnitOfWork
from tests.faults.depot_events import CrateStored
from tests.faults.depot_policy import DEPOT_POLICY

HERE = Path(__file__).parent

_STORE = text("""
    INSERT INTO crate (crate_id, step, pieces) VALUES (:crate_id, 1, :pieces)
    ON CONFLICT (crate_id) DO UPDATE SET step = crate.step + 1, pieces = crate.pieces + excluded.pieces
    RETURNING step
""")
_POISONED = text("SELECT EXISTS (SELECT FROM poison WHERE crate_id = :crate_id AND step = :step)")
_EFFECT = text("INSERT INTO effect (crate_id, step, process) VALUES (:crate_id, :step, :process)")
_RUNG = text("INSERT INTO rung (subject_id, process) VALUES (:subject_id, :process)")


class Depot(Servicer, depot_pb2_grpc.DepotServiceServicer):
    def __init__(self, uow: UnitOfWork, policies: Policies) -> None:
        super().__init__(uow)
        self._policies = policies

    def StoreCrate(self, request: Any, context: object) -> Any:
        return self.change(request, lambda tx: store_crate(tx, request))

    def GetDepot(self, request: Any, context: object) -> Any:
        version, policy = self._policies.current(DEPOT_POLICY)

        def read(tx: Transaction) -> Any:
            crates = tx.execute(text("SELECT count(*) FROM crate")).scalar_one()
            return depot_pb2.GetDepotResponse(crates=crates, policy_version=version, shelves=policy.shelves)

        return self.read(request, read)


def store_crate(tx: Transaction, request: Any) -> Any:
    step = tx.execute(_STORE, {"crate_id": request.crate_id, "pieces": request.pieces}).scalar_one()
    tx.record(CrateStored(request.crate_id, step))
    if not request.without_audit:
        after = {"step": step, "pieces": request.pieces}
        tx.audit(
            action="crate.store", entity="crate", entity_id=request.crate_id, before={"step": step - 1}, after=after
        )
    return depot_pb2.StoreCrateResponse(receipt_id=new_id(), step=step)


def take_in(tx: Transaction, event: Incoming) -> None:
    crate = {"crate_id": event.message.crate_id, "step": event.message.step}
    tx.execute(_EFFECT, crate | {"process": os.getpid()})
    if tx.execute(_POISONED, crate).scalar_one():
        raise ValueError("this crate is poisoned")


def ring(tx: Transaction, due: Deadline) -> None:
    tx.execute(_RUNG, {"subject_id": due.subject_id, "process": os.getpid()})


def build(settings: Settings) -> Service:
    runtime = Runtime("depot", settings, EventCatalog.of(depot_pb2), policies=[DEPOT_POLICY])
    return Service(
        runtime,
        servicers=[(depot_pb2_grpc.add_DepotServiceServicer_to_server, Depot(runtime.uow, runtime.policies))],
        consumers=[on("depot.crate_stored", take_in)],
        deadlines={"crate.look_at": ring},
        migrations=HERE / "migrations",
    )


def end_with_the_tests() -> None:
    """The tests hold the other end of standard input: it closes however they die, SIGKILL included."""
    while os.read(0, 1):
        pass
    os._exit(1)


if __name__ == "__main__":
    Thread(target=end_with_the_tests, daemon=True).start()
    main(build)
