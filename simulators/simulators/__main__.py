"""`python -m simulators`: business systems, chats, telephone and mail in one process, each on a port of 127.0.0.1."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import Iterator, Mapping

import uvicorn
from starlette.applications import Starlette

from chassis.clock import Clock, MovableClock, SystemClock
from simulators.application import Simulator
from simulators.bank import bank
from simulators.dingtalk import dingtalk
from simulators.erp import erp
from simulators.hr import hr
from simulators.imap import Imap
from simulators.mail import Mailbox, mail
from simulators.pos import pos
from simulators.registry import registry
from simulators.settings import SimulatorSettings
from simulators.telephony import telephony
from simulators.tenders import tenders
from simulators.wecom import wecom

HOST = "127.0.0.1"


def business_clock(settings: SimulatorSettings) -> Clock:
    return MovableClock(settings.clock_file, mode="local") if settings.clock_file else SystemClock()


def build(settings: SimulatorSettings) -> tuple[Mapping[int, Starlette], Mailbox, Imap]:
    """Applications by port, the mailbox that the SMTP port feeds, and the one that the IMAP port shows."""
    clock, data = business_clock(settings), settings.sim_data
    post = Simulator("mail", clock)
    mailbox, imap = Mailbox(post), Imap(post, settings.mailbox_user, settings.mailbox_key)
    applications = {
        settings.sim_hr_port: hr(Simulator("hr", clock, settings.hr_key), data),
        settings.sim_erp_port: erp(Simulator("erp", clock, settings.erp_key), data),
        settings.sim_bank_port: bank(Simulator("bank", clock, settings.bank_key), data),
        settings.sim_wecom_port: wecom(Simulator("wecom", clock, settings.wecom_archive_key), settings),
        settings.sim_dingtalk_port: dingtalk(Simulator("dingtalk", clock), settings),
        settings.sim_telephony_port: telephony(Simulator("telephony", clock, settings.telephony_key), data),
        settings.sim_tender_port: tenders(Simulator("tender", clock), data),
        settings.sim_registry_port: registry(Simulator("registry", clock, settings.registry_key), data),
        settings.sim_pos_port: pos(Simulator("pos", clock, settings.pos_key), data),
        settings.sim_mail_port: mail(post, mailbox, imap),
    }
    return applications, mailbox, imap


class PortServer(uvicorn.Server):
    """Leaves signals to this module: one stop for all ports."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(settings: SimulatorSettings, stop: asyncio.Event) -> None:
    applications, mailbox, imap = build(settings)
    listeners = {port: listen(port) for port in [*applications, settings.sim_smtp_port, settings.sim_imap_port]}
    loop = asyncio.get_running_loop()
    smtp = await loop.create_server(mailbox.protocol, sock=listeners[settings.sim_smtp_port])
    mails = await asyncio.start_server(imap.serve, sock=listeners[settings.sim_imap_port])
    servers = {port: PortServer(config(app)) for port, app in applications.items()}
    tasks = [asyncio.create_task(server.serve([listeners[port]])) for port, server in servers.items()]
    await asyncio.wait([asyncio.create_task(stop.wait()), *tasks], return_when=asyncio.FIRST_COMPLETED)
    for server in servers.values():
        server.should_exit = True
    smtp.close()
    mails.close()
    await asyncio.gather(*tasks)


def config(app: Starlette) -> uvicorn.Config:
    return uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off", timeout_graceful_shutdown=1)


def listen(port: int) -> socket.socket:
    """An OSError names the port.

    asyncio gives TCP_NODELAY to connections of a socket that says it is TCP; without it an answer of two parts takes
    40 ms.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        raise OSError(f"port {port} is taken ({error.strerror})") from error
    return listener


async def run() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await serve(SimulatorSettings(), stop)


def main() -> None:
    try:
        asyncio.run(run())
    except OSError as error:
        sys.exit(f"simulators: {error}")


if __name__ == "__main__":
    main()
