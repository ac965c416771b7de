"""Several people bring files along at once, or one of them the same file again."""

from __future__ import annotations

from threading import Barrier, Thread

import pytest
from sqlalchemy import text

from closeloop.leads.v1 import capture_service_pb2 as pb
from leads.imports import store
from leads.imports.run_import import run_imports

from .bringing_along import CONTACT, CONTACTS, CUSTOMER, CUSTOMERS, customers, hospital
from .company import Company
from .test_import import line, publish_small_chunks, run, start, state, table
from .test_import_revert import revert


@pytest.mark.spec("LD1.3", "LD1.6")
def test_the_same_file_again_makes_no_lead_and_its_revert_leaves_the_first_as_it_was(company: Company) -> None:
    content = table([line(n) for n in range(1, 21)])
    first = start(company, content)
    run_imports(company.app.importer)
    second = run(company, content)
    assert (state(company, first).created, second.created, second.appended) == (20, 0, 20)
    back = revert(company, second.import_id)
    assert (back.withdrawn, back.touches_removed, back.kept) == (0, 20, 0)
    with company.service.runtime.database.connect() as conn:
        found = conn.execute(text("SELECT DISTINCT touches, CAST(import_id AS text) FROM lead")).all()
        assert conn.scalar(text("SELECT count(*) FROM touch")) == 20
    assert [tuple(each) for each in found] == [(1, first)]


@pytest.mark.spec("LD1.3", "LD1.6")
def test_two_people_who_bring_the_same_leads_at_once_make_each_of_them_once(company: Company) -> None:
    publish_small_chunks(company)
    forwards = start(company, table([line(n) for n in range(1, 61)]))
    backwards = start(company, table([line(n) for n in range(60, 0, -1)]))
    _at_once(company)
    both = [state(company, each) for each in (forwards, backwards)]
    assert {each.state for each in both} == {pb.IMPORT_STATE_DONE}
    assert (sum(each.created for each in both), sum(each.appended for each in both)) == (60, 60)
    with company.service.runtime.database.connect() as conn:
        assert conn.scalar(text("SELECT count(*) FROM lead")) == 60


@pytest.mark.spec("LD1.6")
def test_two_people_who_bring_the_same_customers_at_once_make_each_of_them_once(company: Company) -> None:
    company.hire("E1")
    publish_small_chunks(company)
    rows = [hospital(f"客户{n}", f"C{n}") for n in range(1, 31)]
    first = start(company, table(rows, headings=CUSTOMER), kind=CUSTOMERS)
    second = start(company, table(rows[::-1], headings=CUSTOMER), kind=CUSTOMERS)
    _at_once(company)
    run_imports(company.app.importer)  # whoever found the line of history taken has left it
    both = [state(company, each) for each in (first, second)]
    assert {each.state for each in both} == {pb.IMPORT_STATE_DONE}
    assert (sum(each.created for each in both), sum(each.appended for each in both)) == (30, 30)
    assert len(customers(company)) == 30


@pytest.mark.spec("LD1.6")
def test_a_small_file_does_not_wait_for_the_large_one_that_came_before(company: Company) -> None:
    large, small = start(company, table([line(n) for n in range(1, 100)])), start(company, table([line(500)]))
    with store.turn(company.service.runtime.database, large) as mine:  # somebody is at the large one
        assert mine
        run_imports(company.app.importer)
        assert state(company, small).state == pb.IMPORT_STATE_DONE
        assert state(company, large).rows_read == 0
    run_imports(company.app.importer)
    assert state(company, large).created == 99


@pytest.mark.spec("LD1.6")
def test_contacts_sent_behind_their_customers_wait_until_these_are_in(company: Company) -> None:
    company.hire("E1")
    customers_file = start(company, table([hospital()], headings=CUSTOMER), kind=CUSTOMERS)
    contacts = table([["C1", "", "王院长", "", "", "", ""]], headings=CONTACT)
    contacts_file = start(company, contacts, kind=CONTACTS)
    with store.turn(company.service.runtime.database, "history"):  # somebody is at the customers
        run_imports(company.app.importer)
        assert state(company, contacts_file).rows_read == 0
    run_imports(company.app.importer)
    assert state(company, customers_file).created == 1
    assert (state(company, contacts_file).created, state(company, contacts_file).failed) == (1, 0)


def _at_once(company: Company) -> None:
    """Two processes' worth of importers."""
    barrier = Barrier(2)

    def work() -> None:
        barrier.wait()
        run_imports(company.app.importer)

    threads = [Thread(target=work) for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
