"""A mailbox by IMAP: folders read without marking anything, by UID (RFC 3501)."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import unquote, urlsplit

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import IMAPClientError, LoginError

from integration.feeds.errors import SourceFailed
from integration.feeds.source import Access, Source

# Of a larger mail only the head is read.
LARGEST_MAIL = 10 << 20
# Some servers only guess a mail's size; one that is so much shorter was cut on its way, and is read again.
SIZE_IS_ABOUT = 0.75


@dataclass(frozen=True)
class FoundMail:
    uid: int
    arrived_at: datetime
    content: bytes


class Mailbox:
    """Whatever goes wrong is a SourceFailed."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def open(self, folder: str) -> int:
        """Its UIDVALIDITY: while it stays the same, a UID means the same mail."""
        with _told():
            return int(self._client.select_folder(folder, readonly=True)[b"UIDVALIDITY"])

    def uids_after(self, uid: int, since: date) -> list[int]:
        """In order. From the beginning (`uid` 0): of mails that arrived since this day."""
        with _told():
            # "n:*" names the last mail even when its UID is lower.
            found = self._client.search(["UID", f"{uid + 1}:*"] if uid else ["SINCE", since])
        return sorted(int(each) for each in found if int(each) > uid)

    def mails(self, uids: Sequence[int]) -> Iterator[FoundMail]:
        """One by one, so that a page of large mails is never held at once. What was deleted meanwhile is left out."""
        with _told():
            sizes = self._client.fetch(uids, ["RFC822.SIZE", "INTERNALDATE"])
        for uid in (each for each in uids if each in sizes):
            content = self._content(uid, int(sizes[uid].get(b"RFC822.SIZE", 0)))
            if content is not None:
                yield FoundMail(uid, _aware(sizes[uid].get(b"INTERNALDATE")), content)

    def _content(self, uid: int, size: int) -> bytes | None:
        whole = size <= LARGEST_MAIL
        part = "BODY.PEEK[]" if whole else "BODY.PEEK[HEADER]"
        with _told():
            content = self._client.fetch([uid], [part]).get(uid, {}).get(part.replace(".PEEK", "").encode())
        if not isinstance(content, bytes):
            return None
        if not content or (whole and len(content) < size * SIZE_IS_ABOUT):
            raise SourceFailed("parse", f"mail {uid} came cut")
        return content


@contextmanager
def mailbox(source: Source, access: Access) -> Iterator[Mailbox]:
    """Signed in. `access.url`: imaps://user@host:993; plain imap:// for tests on the own machine."""
    client = source.dial(lambda address, timeout: _connected(access, address, timeout))
    try:
        yield Mailbox(client)
    finally:
        client.shutdown()


def _connected(access: Access, address: str, timeout: float) -> Any:
    """The address was checked by the guard; the certificate must still be of the name. Raises OSError."""
    parts = urlsplit(access.url)
    secure = parts.scheme == "imaps"
    context = _Naming.of(parts.hostname or "") if secure else None
    limits = SocketTimeout(connect=timeout, read=timeout)
    client = IMAPClient(address, parts.port, ssl=secure, ssl_context=context, timeout=limits)
    try:
        # Times as the server wrote them, with their zone.
        client.normalise_times = False
        client.login(unquote(parts.username or ""), access.key.get_secret_value())
    except LoginError:
        client.shutdown()
        raise SourceFailed("auth", "the mailbox does not accept user and password") from None
    except IMAPClientError:
        client.shutdown()
        raise SourceFailed("connect", "the mail server broke off") from None
    return client


class _Naming(ssl.SSLContext):
    """Checks the certificate against a name, whatever address is connected to."""

    name: str

    @classmethod
    def of(cls, name: str) -> _Naming:
        context = cls(ssl.PROTOCOL_TLS_CLIENT)
        context.load_default_certs()
        context.name = name
        return context

    def wrap_socket(self, *args: Any, **options: Any) -> ssl.SSLSocket:
        return super().wrap_socket(*args, **(options | {"server_hostname": self.name}))


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except TimeoutError:
        raise SourceFailed("timeout", "the mail server stopped answering") from None
    except (OSError, IMAPClientError):
        raise SourceFailed("connect", "the mail server broke off or refused") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise SourceFailed("parse", "an answer of the mail server can't be read") from None


def _aware(at: object) -> datetime:
    if not isinstance(at, datetime):
        raise SourceFailed("schema", "a mail without INTERNALDATE")
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
