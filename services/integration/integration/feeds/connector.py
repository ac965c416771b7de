"""The one interface of all connectors. A connector is a module in `connectors/` with a function `connector()`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, BinaryIO, Protocol, runtime_checkable

from chassis.unit_of_work import Transaction
from integration.feeds.policy import FeedRule
from integration.feeds.rules import Outcome, Proof, Raw
from integration.feeds.source import Access, Source


@dataclass(frozen=True)
class Page:
    """Records that are taken in one transaction. `checkpoint`: where a run goes on that broke off after this page.

    `facts` is what else the connector learned on the way and needs in `take` or `finish`.
    """

    records: Sequence[Raw]
    checkpoint: str
    facts: Mapping[str, Any] = field(default_factory=dict)


class Connector(Protocol):
    """`pages` reads the source and touches no database; `take` and `finish` write and touch no network."""

    @property
    def feed(self) -> str: ...
    @property
    def rule(self) -> FeedRule: ...
    @property
    def access(self) -> Access: ...

    def pages(self, source: Source, checkpoint: str, now: datetime) -> Iterator[Page]:
        """Everything since the checkpoint. Raises SourceFailed."""
        ...

    def take(self, tx: Transaction, page: Page, run_id: str) -> Outcome:
        """Parse and keep. The same page twice changes nothing. What can't be read is a rejection, never dropped."""
        ...

    def finish(self, tx: Transaction, facts: Mapping[str, Any]) -> Proof | None:
        """After the last page of a run that succeeded, with the facts of all its pages and `read_at`.

        Also after a replay or a file by hand, without facts. None: nothing new is known about completeness.
        """
        ...

    def shape(self, page: Page) -> set[str]:
        """Field paths of what the page brought, for the schema fingerprint."""
        ...


@runtime_checkable
class TakesFiles(Connector, Protocol):
    """A connector whose data may also be handed in as a file, of any size."""

    def pages_of(self, content: BinaryIO, place: str, sha256: str, now: datetime) -> Iterator[Page]:
        """`content` is seekable and read piece by piece. A file that is not whole is one page that says why."""
        ...


@runtime_checkable
class AsksAbout(Connector, Protocol):
    """A connector whose source is asked about what we know, rather than for all it has."""

    def about(self, tx: Transaction) -> Connector:
        """The connector for one run, with what is to be asked about now."""
        ...


# The policy's rule for a connector, or the connector's own.
RuleOf = Callable[[Connector], FeedRule]
# The policy that holds now, by name.
PolicyOf = Callable[[str], Any]
