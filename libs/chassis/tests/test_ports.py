"""Ports for servers that are about to start."""

from __future__ import annotations

import socket

from chassis.local import ports
from chassis.local.ports import free_port


def test_no_port_is_given_twice() -> None:
    given = [free_port() for _ in range(300)]
    assert len(set(given)) == 300


def test_a_port_that_is_held_or_kept_for_somebody_is_not_given() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        assert not ports._is_free(holder.getsockname()[1])
    left = free_port()
    ports._given.discard(left)
    assert free_port(set(range(ports._FIRST, ports._LAST + 1)) - {left}) == left
