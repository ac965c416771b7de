"""IMAP side of the mail server: enough of RFC 3501 for a program that reads folders by UID."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from simulators.application import Simulator
from simulators.faults import DEFAULT_SECONDS, Fault, Mode
from simulators.mail_folders import Folder, StoredMail, day_of, items, uids

CAPABILITIES = "CAPABILITY IMAP4rev1"


@dataclass
class Imap:
    """The folders of one user.

    Faults: `slow` and `timeout` wait, `error500` answers NO, `down` breaks off in the middle of a mail, `schema` leaves
    UIDVALIDITY out, `hole` hides the newest mail of a folder, `duplicate` shows each under two UIDs, `reorder` lists
    backwards, `cut` ends a mail in the middle, `lie` says that every mail is empty.
    """

    simulator: Simulator
    user: str
    password: str
    folders: dict[str, Folder] = field(default_factory=lambda: {"INBOX": Folder(), "Sent": Folder()})

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = Session(self)
        writer.write(f"* OK [{CAPABILITIES}] ready\r\n".encode())
        try:
            while not session.over and (line := await reader.readline()):
                await self._answer(session, line.decode(errors="replace").strip(), writer)
        except (ConnectionError, ValueError):
            pass
        finally:
            writer.close()

    async def _answer(self, session: Session, line: str, writer: asyncio.StreamWriter) -> None:
        tag, _, command = line.partition(" ")
        fault = (
            self.simulator.faults.take("/imap") if command.upper().startswith(("UID", "EXAMINE", "SELECT")) else Fault()
        )
        if fault.mode in DEFAULT_SECONDS:
            await asyncio.sleep(DEFAULT_SECONDS[fault.mode] if fault.seconds is None else fault.seconds)
        if fault.mode is Mode.ERROR500:
            writer.write(f"{tag} NO [UNAVAILABLE] try again later\r\n".encode())
        elif fault.mode is Mode.DOWN:
            writer.write(b"* 1 FETCH (UID 1 BODY[] {1000}\r\nhalf")
            session.over = True
        else:
            for piece in session.do(tag, command, fault.mode):
                writer.write(piece)
        await writer.drain()


class Session:
    def __init__(self, imap: Imap) -> None:
        self._imap = imap
        self._folder: Folder | None = None
        self._signed_in = False
        self.over = False

    def do(self, tag: str, command: str, fault: Mode) -> Iterator[bytes]:
        name, _, rest = command.partition(" ")
        done: Callable[[str, Mode], Iterator[bytes | str]] | None = {
            "CAPABILITY": self._capability,
            "NOOP": self._nothing,
            "LOGIN": self._login,
            "LOGOUT": self._logout,
            "SELECT": self._examine,
            "EXAMINE": self._examine,
            "UID": self._uid,
        }.get(name.upper())
        if done is None:
            yield f"{tag} BAD unknown command\r\n".encode()
            return
        try:
            for each in done(rest, fault):
                yield each if isinstance(each, bytes) else f"* {each}\r\n".encode()
        except PermissionError as refusal:
            yield f"{tag} NO {refusal}\r\n".encode()
        else:
            yield f"{tag} OK done\r\n".encode()

    def _capability(self, _rest: str, _fault: Mode) -> Iterator[str]:
        yield CAPABILITIES

    def _nothing(self, _rest: str, _fault: Mode) -> Iterator[str]:
        return iter(())

    def _login(self, rest: str, _fault: Mode) -> Iterator[str]:
        if shlex.split(rest) != [self._imap.user, self._imap.password]:
            raise PermissionError("[AUTHENTICATIONFAILED] user or password is wrong")
        self._signed_in = True
        return iter(())

    def _logout(self, _rest: str, _fault: Mode) -> Iterator[str]:
        self.over = True
        yield "BYE see you"

    def _examine(self, rest: str, fault: Mode) -> Iterator[str]:
        folder = self._imap.folders.get(shlex.split(rest)[0]) if self._signed_in else None
        if folder is None:
            raise PermissionError("[NONEXISTENT] no such folder")
        self._folder = folder
        yield f"{len(folder.mails)} EXISTS"
        if fault is not Mode.SCHEMA:
            yield f"OK [UIDVALIDITY {folder.validity}] valid"

    def _uid(self, rest: str, fault: Mode) -> Iterator[bytes | str]:
        if self._folder is None:
            raise PermissionError("no folder is open")
        name, _, what = rest.partition(" ")
        if name.upper() == "SEARCH":
            yield from self._search(what, self._shown(fault), fault)
        elif name.upper() == "FETCH":
            yield from self._fetch(what, self._shown(fault), fault)
        else:
            raise PermissionError("unknown")

    def _shown(self, fault: Mode) -> list[StoredMail]:
        mails = self._folder.mails if self._folder else []
        if fault is Mode.HOLE:
            return mails[:-1]
        if fault is Mode.DUPLICATE:
            return [*mails, *(StoredMail(each.uid + 100_000, each.at, each.content) for each in mails)]
        return mails

    def _search(self, what: str, mails: list[StoredMail], fault: Mode) -> Iterator[str]:
        words = what.upper().split()
        if words[:1] == ["SINCE"]:
            day = day_of(words[1])
            mails = [each for each in mails if each.at.date() >= day.date()]
        elif words[:1] == ["UID"]:
            wanted = uids(words[1], mails)
            mails = [each for each in mails if each.uid in wanted]
        found = [str(each.uid) for each in mails]
        yield " ".join(["SEARCH", *(reversed(found) if fault is Mode.REORDER else found)])

    def _fetch(self, what: str, mails: list[StoredMail], fault: Mode) -> Iterator[bytes]:
        numbers, _, wanted_items = what.partition(" ")
        wanted = uids(numbers, mails)
        for number, mail in enumerate(mails, start=1):
            if mail.uid in wanted:
                yield f"* {number} FETCH (UID {mail.uid}".encode()
                yield from items(wanted_items.upper(), mail, fault)
                yield b")\r\n"
