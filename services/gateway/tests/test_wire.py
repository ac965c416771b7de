"""Senders that are slow, endless, or speak something else; services that never answer."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import pytest

from .conftest import Door, Opener
from .neighbours import LEAD, Company

T = TypeVar("T")


@contextmanager
def wire(door: Door) -> Iterator[socket.socket]:
    host, port = door.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        yield connection


def answer(connection: socket.socket) -> str:
    """All until the door hangs up, or the end of one problem."""
    found = b""
    while not found.endswith(b"}") and (piece := connection.recv(65536)):
        found += piece
    return found.decode()


@pytest.mark.spec("P9.1")
def test_a_body_that_trickles_in_is_given_up(opener: Opener, company: Company) -> None:
    with opener.open(company, body_timeout=0.3) as door, wire(door) as connection:
        head = (
            f"POST /api/v1/leads/{LEAD}:accept HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {door.token('E00001')}\r\n"
        )
        connection.sendall(f"{head}content-type: application/json\r\ncontent-length: 1000\r\n\r\n{{".encode())
        told = answer(connection)
    assert told.startswith("HTTP/1.1 408")
    assert "BODY_TOO_SLOW" in told
    assert company.seen == []


@pytest.mark.spec("P9.1")
def test_a_body_that_goes_on_after_its_refusal_is_given_up(opener: Opener, company: Company) -> None:
    """Nobody has to be signed in to be refused."""
    with opener.open(company, header_timeout=0.4) as door, wire(door) as connection:
        head = f"POST /api/v1/leads/{LEAD}:accept HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n"
        connection.sendall(head.encode())
        assert answer(connection).startswith("HTTP/1.1 401")
        gone = threading.Event()

        def trickle() -> None:
            while not gone.wait(0.05):
                connection.sendall(b" ")

        trickling = threading.Thread(target=lambda: suppressed(trickle))
        trickling.start()
        try:
            assert suppressed(lambda: connection.recv(1)) in (b"", None)
        finally:
            gone.set()
            trickling.join()


def suppressed(act: Callable[[], T]) -> T | None:
    """None when the line broke."""
    try:
        return act()
    except ConnectionError:
        return None


@pytest.mark.spec("P9.1")
def test_the_rest_of_a_refused_body_does_not_cost_the_connection(opener: Opener, company: Company) -> None:
    with opener.open(company) as door, wire(door) as connection:
        head = f"POST /api/v1/leads/{LEAD}:accept HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\n"
        for _ in range(2):
            connection.sendall(head.encode())
            assert answer(connection).startswith("HTTP/1.1 401")
            connection.sendall(b"{   }")


@pytest.mark.spec("P9.1")
def test_headers_that_trickle_in_are_given_up(opener: Opener, company: Company) -> None:
    with opener.open(company, header_timeout=0.3) as door:
        with wire(door) as connection:
            connection.sendall(b"GET /api/v1/leads HTTP/1.1\r\nhost: x\r\nx-slow: ")
            assert answer(connection).startswith("HTTP/1.1 408")
        with wire(door) as silent:
            assert silent.recv(1) == b""


@pytest.mark.spec("P9.1")
def test_the_next_request_of_a_connection_has_the_same_time(opener: Opener, company: Company) -> None:
    with opener.open(company, header_timeout=0.5) as door, wire(door) as connection:
        connection.sendall(b"GET /nothing HTTP/1.1\r\nhost: x\r\n\r\n")
        assert answer(connection).startswith("HTTP/1.1 404")
        connection.sendall(b"GET /nothing HTTP/1.1\r\nhost: ")
        assert answer(connection).startswith("HTTP/1.1 408")


@pytest.mark.spec("P9.1")
def test_headers_without_end_are_cut_off(opener: Opener, company: Company) -> None:
    with opener.open(company, header_limit=8192) as door, wire(door) as connection:
        connection.sendall(b"GET /api/v1/leads HTTP/1.1\r\nhost: x\r\n" + b"x-more: 1\r\n" * 1000)
        told = answer(connection)
    assert told.startswith("HTTP/1.1 431")
    assert "HEADERS_TOO_LARGE" in told


@pytest.mark.spec("P9.1")
@pytest.mark.parametrize("noise", [b"\x16\x03\x01\x02\x00\x01\x00", b"HELLO\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n"])
def test_what_is_no_http_is_told_so(door: Door, noise: bytes) -> None:
    with wire(door) as connection:
        connection.sendall(noise)
        told = answer(connection)
    assert told.startswith("HTTP/1.1 400")
    assert "application/problem+json" in told
    assert "NOT_HTTP" in told


@pytest.mark.spec("P8.1")
def test_answers_do_not_wait_for_the_network_to_fill_up(door: Door) -> None:
    """Nagle's algorithm and delayed acknowledgements together held every answer back for 40 ms."""
    took = []
    for _ in range(40):
        began = time.perf_counter()
        door.client.get("/nothing")
        took.append(time.perf_counter() - began)
    assert sorted(took)[5] < 0.03


@pytest.mark.spec("P1.5")
def test_a_service_that_never_answers_is_504_in_time(opener: Opener, company: Company) -> None:
    go_on = threading.Event()
    company.refuse = lambda: go_on.wait(10) and None
    try:
        with opener.open(company, request_timeout=0.4) as door:
            refused = door.as_("E00001").get(f"/api/v1/leads/{LEAD}")
        assert (refused.status_code, refused.json()["code"]) == (504, "DEADLINE_EXCEEDED")
        assert "retry-after" in refused.headers
    finally:
        go_on.set()
