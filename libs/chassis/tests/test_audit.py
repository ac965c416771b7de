from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from threading import Barrier, Event, Thread

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, delete, func, select, text, update

from chassis import audit
from chassis.audit_chain import COLUMNS, GENESIS, canonical, link
from chassis.audit_roots import RootNotTrusted, RootStore, SignedRoot
from chassis.audit_sealer import AuditSealer, backlog, head
from chassis.audit_verify import Finding, Tampering, verify
from chassis.clock import FixedClock
from chassis.database import Database
from chassis.events import EventCatalog
from chassis.identity import Keyring, Trust, of_service, write_trust
from chassis.kernel.ids import new_id
from chassis.kernel.money import Money
from chassis.metrics import metrics
from chassis.schema import audit_row, audit_seal
from chassis.unit_of_work import UnitOfWork

NOON = datetime(2026, 3, 10, 4, tzinfo=UTC)


ME = of_service("leads")


@pytest.fixture
def database(service_database: Callable[[str], Database]) -> Database:
    return service_database("audited")


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    key = Ed25519PrivateKey.generate()
    write_trust(tmp_path / "trust.json", {"leads": key.public_key()})
    return Keyring("leads", key, Trust(tmp_path / "trust.json"))


@pytest.fixture
def roots(tmp_path: Path) -> RootStore:
    return RootStore(str(tmp_path / "outside"))


def work(database: Database) -> UnitOfWork:
    return UnitOfWork(database, FixedClock(NOON), EventCatalog(()), "leads")


def change(database: Database, *entities: str) -> list[str]:
    with work(database).begin(ME) as tx:
        rows = [audit.append(tx, action="lead.assign", entity="lead", entity_id=one) for one in entities]
        tx.commit()
    return rows


def sealed(database: Database, count: int = 6) -> list[str]:
    rows = change(database, *(f"L{number}" for number in range(count)))
    assert AuditSealer(database, "leads").seal_all() == count
    return rows


def test_many_rows_at_once_are_rows_like_any_other(database: Database) -> None:
    with work(database).begin(ME) as tx:
        tx.audit_all(
            audit.Entry("receipt.claim", "receipt", f"R{at}", after={"fen": at}, why="matched") for at in range(3)
        )
        tx.audit_all([])
        tx.commit()
    with database.connect() as connection:
        rows = connection.execute(select(audit_row).order_by(audit_row.c.entity_id)).all()
    assert [(row.entity_id, row.after, row.actor, row.at) for row in rows] == [
        (f"R{at}", {"fen": at}, ME.subject, NOON) for at in range(3)
    ]
    assert AuditSealer(database, "leads").seal_all() == 3
    assert findings(database) == []


def findings(database: Database, *signed: SignedRoot) -> list[tuple[Tampering, int]]:
    return [(finding.kind, finding.seq) for finding in found(database, *signed)]


def found(database: Database, *signed: SignedRoot) -> list[Finding]:
    with database.connect() as conn:
        return verify(conn, signed)


def root_of(database: Database) -> SignedRoot:
    with database.connect() as conn:
        return SignedRoot("leads", *head(conn), datetime.now(UTC))


@pytest.mark.spec("P10.1")
def test_a_row_tells_who_what_before_after_why_and_from_where(database: Database) -> None:
    @dataclass(frozen=True)
    class Slip:
        amount: Money
        rate: Decimal
        due: datetime
        kinds: frozenset[str]

    slip = Slip(Money(120), Decimal("0.15"), NOON, frozenset({"b", "a"}))
    with work(database).begin(ME, source="ConfirmSlip") as tx:
        tx.audit(
            action="slip.confirm",
            entity="slip",
            entity_id="S1",
            before={"state": "open"},
            after=slip,
            why="appeal upheld",
        )
        tx.commit()
    with database.connect() as conn:
        row = conn.execute(select(audit_row)).one()
    assert (row.at, row.actor) == (NOON, "service:leads")
    assert (row.action, row.entity, row.entity_id) == ("slip.confirm", "slip", "S1")
    assert row.before == {"state": "open"}
    assert row.after == {
        "amount": {"fen": 120, "currency": "CNY"},
        "rate": "0.15",
        "due": "2026-03-10T04:00:00+00:00",
        "kinds": ["a", "b"],
    }
    assert (row.why, row.source) == ("appeal upheld", "ConfirmSlip")


@pytest.mark.spec("P10.1")
def test_a_change_that_is_rolled_back_leaves_no_row(database: Database) -> None:
    with work(database).begin(ME) as tx:
        tx.audit(action="lead.assign", entity="lead", entity_id="L1")
    with database.connect() as conn:
        assert conn.scalar(select(func.count()).select_from(audit_row)) == 0
        assert backlog(conn).rows == 0


@pytest.mark.spec("P10.1")
def test_sealing_chains_every_row_once_and_the_figures_tell_what_waits(database: Database) -> None:
    change(database, "L1", "L2", "L3")
    with database.connect() as conn:
        waiting = backlog(conn)
    assert waiting.rows == 3
    assert waiting.lag > 0
    sealer = AuditSealer(database, "leads")
    assert (sealer.seal_all(), sealer.seal_all()) == (3, 0)
    change(database, "L4")
    assert sealer.seal_all() == 1
    with database.connect() as conn:
        assert list(conn.scalars(select(audit_seal.c.seq).order_by(audit_seal.c.seq))) == [1, 2, 3, 4]
        assert backlog(conn).rows == 0
    assert found(database) == []


@pytest.mark.spec("P10.1")
def test_the_running_sealer_chains_by_itself(database: Database) -> None:
    change(database, "L1", "L2")
    stop = Event()
    loop = Thread(target=AuditSealer(database, "leads").run, args=(stop,))
    loop.start()
    with database.connect() as conn:
        deadline = datetime.now(UTC) + timedelta(seconds=10)
        while head(conn)[0] < 2 and datetime.now(UTC) < deadline:
            conn.rollback()
    stop.set()
    loop.join()
    assert found(database) == []
    assert head_of(database) == 2
    assert metrics.registry.get_sample_value("closeloop_audit_unsealed_rows") == 0


def head_of(database: Database) -> int:
    with database.connect() as conn:
        return head(conn)[0]


@pytest.mark.spec("P10.1")
def test_many_replicas_seal_into_one_chain_while_rows_keep_coming(database: Database) -> None:
    together = Barrier(4)
    sealers = [AuditSealer(Database(database.url, pool_size=1), "leads") for _ in range(3)]

    def seal(sealer: AuditSealer) -> None:
        together.wait()
        for _ in range(15):
            sealer.seal_all()

    threads = [Thread(target=seal, args=(sealer,)) for sealer in sealers]
    for thread in threads:
        thread.start()
    together.wait()
    for number in range(40):
        change(database, f"L{number}")
    for thread in threads:
        thread.join()
    sealers[0].seal_all()
    assert head_of(database) == 40
    assert found(database) == []
    for sealer in sealers:
        sealer._database.close()


@pytest.mark.spec("P10.1")
def test_rows_beyond_one_batch_are_sealed_in_one_turn(database: Database) -> None:
    change(database, *(f"L{number}" for number in range(2300)))
    assert AuditSealer(database, "leads").seal_all() == 2300
    assert found(database) == []


@pytest.mark.spec("P10.1")
def test_an_edited_row_is_named(database: Database) -> None:
    rows = sealed(database)
    with database.begin() as conn:
        conn.execute(update(audit_row).where(audit_row.c.id == rows[2]).values(actor="E00666"))
    finding = found(database)
    assert [(one.kind, one.seq, one.row_id) for one in finding] == [(Tampering.EDITED, 3, rows[2])]
    assert "L2" in finding[0].detail


@pytest.mark.spec("P10.1")
@pytest.mark.parametrize("column", [column.name for column in COLUMNS if column.name != "id"])
def test_no_column_can_be_edited_unseen(database: Database, column: str) -> None:
    sealed(database, 1)
    forged = {"at": "at + interval '1 second'", "recorded_at": "recorded_at - interval '1 day'"}
    value = forged.get(column, """'{"x": 1}'""" if column in ("before", "after") else "'forged'")
    with database.begin() as conn:
        conn.execute(text(f'UPDATE audit_row SET "{column}" = {value}'))
    assert findings(database) == [(Tampering.EDITED, 1)]


@pytest.mark.spec("P10.1")
def test_a_deleted_row_is_named_even_with_its_link(database: Database) -> None:
    rows = sealed(database)
    with database.begin() as conn:
        conn.execute(delete(audit_row).where(audit_row.c.id.in_([rows[1], rows[3]])))
        conn.execute(delete(audit_seal).where(audit_seal.c.row_id == rows[3]))
    assert findings(database) == [(Tampering.DELETED, 2), (Tampering.DELETED, 4)]


@pytest.mark.spec("P10.1")
def test_a_row_deleted_before_it_was_sealed_is_named(database: Database) -> None:
    (row,) = change(database, "L1")
    with database.begin() as conn:
        conn.execute(delete(audit_row).where(audit_row.c.id == row))
    AuditSealer(database, "leads").seal_all()
    assert [(one.kind, one.row_id) for one in found(database)] == [(Tampering.DELETED, row)]


@pytest.mark.spec("P10.1")
def test_a_row_slipped_in_beside_the_chain_is_named_and_waiting_rows_are_not(database: Database) -> None:
    sealed(database)
    (waiting,) = change(database, "L9")
    slipped = new_id()
    names = ", ".join(f'"{column.name}"' for column in audit_row.c if column.name != "id")
    with database.begin() as conn:
        copy = f"INSERT INTO audit_row (id, {names}) SELECT :slipped, {names} FROM audit_row WHERE id = :waiting"
        conn.execute(text(copy), {"slipped": slipped, "waiting": waiting})
    assert [(one.kind, one.row_id) for one in found(database)] == [(Tampering.INSERTED, slipped)]


@pytest.mark.spec("P10.1")
def test_a_chain_cut_off_at_its_end_is_named_by_the_signed_root(database: Database) -> None:
    rows = sealed(database)
    root = root_of(database)
    with database.begin() as conn:
        conn.execute(delete(audit_seal).where(audit_seal.c.row_id.in_(rows[4:])))
        conn.execute(delete(audit_row).where(audit_row.c.id.in_(rows[4:])))
    assert found(database) == []  # nothing inside the database could tell
    assert findings(database, root) == [(Tampering.TRUNCATED, 5)]


@pytest.mark.spec("P10.1")
def test_a_chain_recomputed_behind_an_edit_is_named_by_the_signed_root(database: Database) -> None:
    rows = sealed(database)
    root = root_of(database)
    with database.begin() as conn:
        conn.execute(update(audit_row).where(audit_row.c.id == rows[1]).values(why="nothing to see"))
        recompute(conn)
    assert found(database) == []
    assert findings(database, root) == [(Tampering.REWRITTEN, 6)]


def recompute(conn: Connection) -> None:
    previous = GENESIS
    links = select(audit_seal.c.seq, *COLUMNS).join(audit_row, audit_row.c.id == audit_seal.c.row_id)
    for row in conn.execute(links.order_by(audit_seal.c.seq)).all():
        hashed = link(previous, canonical(row))
        forged = update(audit_seal).where(audit_seal.c.seq == row.seq)
        conn.execute(forged.values(previous_hash=previous, hash=hashed))
        previous = hashed


@pytest.mark.spec("P10.1")
def test_a_link_recomputed_alone_breaks_with_the_next(database: Database) -> None:
    rows = sealed(database)
    with database.begin() as conn:
        conn.execute(update(audit_row).where(audit_row.c.id == rows[1]).values(why="forged"))
        row = conn.execute(select(*COLUMNS).where(audit_row.c.id == rows[1])).one()
        before = conn.scalar(select(audit_seal.c.previous_hash).where(audit_seal.c.seq == 2))
        assert before is not None
        conn.execute(update(audit_seal).where(audit_seal.c.seq == 2).values(hash=link(before, canonical(row))))
    assert findings(database) == [(Tampering.REWRITTEN, 3)]


@pytest.mark.spec("P10.1")
def test_roots_are_signed_stored_outside_once_a_day_and_read_back(
    database: Database, keyring: Keyring, roots: RootStore, tmp_path: Path
) -> None:
    sealer = AuditSealer(database, "leads", keyring, roots)
    assert sealer.sign_root() is None  # nothing is sealed yet
    sealed(database)
    root = sealer.sign_root()
    assert root is not None
    assert root.seq == 6
    change(database, "L7")
    sealer.seal_all()
    assert sealer.sign_root() is None  # a day has not passed
    assert roots.load("leads", Trust(tmp_path / "trust.json")) == [root]
    again = AuditSealer(database, "leads", keyring, roots, root_every=timedelta(0)).sign_root()
    assert again is not None
    assert again.seq == 7
    assert findings(database, root, again) == []


@pytest.mark.spec("P10.1")
def test_a_root_signed_by_another_key_or_moved_to_another_service_is_refused(
    keyring: Keyring, roots: RootStore, tmp_path: Path
) -> None:
    trust = Trust(tmp_path / "trust.json")
    root = SignedRoot("leads", 1, b"\x01" * 32, datetime.now(UTC))
    roots.keep(root, Ed25519PrivateKey.generate())
    with pytest.raises(RootNotTrusted):
        roots.load("leads", trust)
    roots.keep(SignedRoot("targets", 1, root.hash, root.signed_at), keyring.private_key)
    with pytest.raises(RootNotTrusted):
        roots.load("targets", trust)


@pytest.mark.spec("P10.1")
def test_a_stored_root_is_never_overwritten(keyring: Keyring, roots: RootStore, tmp_path: Path) -> None:
    first = SignedRoot("leads", 1, b"\x01" * 32, datetime.now(UTC))
    roots.keep(first, keyring.private_key)
    roots.keep(SignedRoot("leads", 1, b"\x02" * 32, datetime.now(UTC)), keyring.private_key)
    assert roots.load("leads", Trust(tmp_path / "trust.json")) == [first]


@pytest.mark.spec("P10.1")
def test_a_root_store_that_is_away_does_not_stop_sealing(database: Database, keyring: Keyring, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    roots = RootStore(str(outside))
    outside.rmdir()
    outside.write_text("a file where the folder was")
    sealer = AuditSealer(database, "leads", keyring, roots)
    change(database, "L1")
    sealer.turn()
    assert head_of(database) == 1
    assert sealer.sign_root() is None
    outside.unlink()
    assert sealer.sign_root() is not None
