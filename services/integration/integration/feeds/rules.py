"""When a feed is healthy, what a run counted, and how a source's schema is recognised (N1.2, N2)."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, is_dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, StringConstraints, ValidationError

# An escape that may stand for half a character (a surrogate).
_HALF = re.compile(r"\\ud[89a-f]", re.IGNORECASE)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
BANK = "bank"


def is_of_a_bank(feed: str) -> bool:
    """So are feeds of banks named: `bank`, and each that begins with `bank_`."""
    return feed == BANK or feed.startswith(f"{BANK}_")


def _printable(text: str) -> str:
    if "\x00" in text:
        raise ValueError("PostgreSQL holds no NUL")
    return text


def storable(text: str) -> str:
    """With what PostgreSQL can't hold replaced: NUL, and halves of characters, such as an emoji cut in two."""
    return text.replace("\x00", "�").encode("utf-8", "replace").decode()


# Texts of a source's record.
ShortText = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200), AfterValidator(_printable)]
KeyText = Annotated[ShortText, StringConstraints(min_length=1, max_length=60)]


class Health(StrEnum):
    NEW = "new"
    HEALTHY = "healthy"
    DEGRADED = "degraded"
    DOWN = "down"


@dataclass(frozen=True)
class Hole:
    """A gap in what a source sent, in words for people."""

    en: str
    zh: str


@dataclass(frozen=True)
class Proof:
    """Until when the data are complete after a run (None: still not proved), and what is missing.

    `checkpoint` replaces the last page's, for sources that must be read again from where they were last complete.
    """

    complete_until: datetime | None
    holes: Sequence[Hole] = ()
    checkpoint: str | None = None


@dataclass(frozen=True)
class Verdict:
    health: Health
    en: str = ""
    zh: str = ""


@dataclass(frozen=True)
class Standing:
    """What is known about a feed. `failures`: runs that failed since the last success; `quarantined`: still waiting.

    `alerted`: an alert is open. `unusual`: yesterday's volume, when it was far from the usual one.
    """

    first_run_at: datetime | None
    failures: int
    error_class: str
    complete_until: datetime | None
    holes: Sequence[Hole]
    quarantined: int
    alerted: bool = False
    unusual: Hole | None = None


@dataclass(frozen=True)
class Raw:
    """One record as it came. `place` says where in the source, `body` is JSON or XML; both can always be kept."""

    place: str
    body: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "place", storable(self.place))
        object.__setattr__(self, "body", storable(self.body))


@dataclass(frozen=True)
class Rejection:
    """A record that can't be taken: kept, with the reason, until it is replayed or a good one comes.

    `alone`: it can be read again by itself. Else what is kept is a part only, such as a row of an order whose other
    rows count too: its file is handed in again, corrected.
    """

    raw: Raw
    en: str
    zh: str
    field: str = ""
    key: str = ""
    alone: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", storable(self.key))


@dataclass
class Outcome:
    """What became of a page of records. `accepted`: keys of the records that were fine, new or not."""

    records: int = 0
    new: int = 0
    duplicates: int = 0
    corrected: int = 0
    rejections: list[Rejection] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)

    def add(self, other: Outcome) -> None:
        self.records += other.records
        self.new += other.new
        self.duplicates += other.duplicates
        self.corrected += other.corrected
        self.rejections += other.rejections
        self.accepted += other.accepted


@dataclass
class Tally:
    """What a whole run counted: numbers only, since a run may bring millions. `refused`: the first reason."""

    records: int = 0
    new: int = 0
    duplicates: int = 0
    corrected: int = 0
    rejected: int = 0
    accepted: int = 0
    refused: str = ""

    def add(self, outcome: Outcome) -> None:
        self.records += outcome.records
        self.new += outcome.new
        self.duplicates += outcome.duplicates
        self.corrected += outcome.corrected
        self.rejected += len(outcome.rejections)
        self.accepted += len(outcome.accepted)
        self.refused = self.refused or next((each.en for each in outcome.rejections), "")


FAILURES = {
    "timeout": ("the source did not answer in time", "数据源响应超时"),
    "connect": ("the source can't be reached", "无法连接数据源"),
    "http_5xx": ("the source answers with an error of its own", "数据源返回服务器错误"),
    "http_4xx": ("the source refuses the request", "数据源拒绝请求"),
    "auth": ("the source does not accept our key", "数据源不接受访问凭证"),
    "schema": ("the source answers in another form than agreed", "数据源返回的结构与约定不符"),
    "parse": ("the answer of the source can't be read", "数据源返回的内容无法解析"),
    "gone": (
        "the source no longer knows where we were; the next run starts over",
        "数据源的增量位置已失效，下次将全量读取",
    ),
    "too_large": ("the answer of the source is too large", "数据源返回的内容过大"),
    "circuit_open": ("the source failed repeatedly and is given a rest", "数据源连续失败，已暂停访问"),
    "blocked_address": ("the source's address is not allowed", "数据源地址不在允许范围内"),
    "internal": ("the run broke off", "运行异常中断"),
}


NOTHING_PROVED = ("nothing is proved complete yet", "尚未证明数据完整")


def judge(standing: Standing, now: datetime, max_lag: timedelta, down_after: int) -> Verdict:
    """N2.1: down after repeated failures; degraded while incomplete, late or failing; healthy only when proved.

    A feed of which nothing was ever proved is new, and late when that lasts longer than `max_lag` from its first run;
    an alert closes by proof alone.
    """
    en, zh = _reasons(standing, now, max_lag)
    if standing.failures >= down_after:
        return Verdict(Health.DOWN, en, zh)
    if en:
        return Verdict(Health.DEGRADED, en, zh)
    if standing.complete_until:
        return Verdict(Health.HEALTHY)
    return Verdict(Health.DEGRADED, *NOTHING_PROVED) if standing.alerted else Verdict(Health.NEW)


def _reasons(standing: Standing, now: datetime, max_lag: timedelta) -> tuple[str, str]:
    found = [(hole.en, hole.zh) for hole in standing.holes]
    if standing.unusual:
        found.append((standing.unusual.en, standing.unusual.zh))
    if standing.quarantined:
        found.append((f"{standing.quarantined} records in quarantine", f"{standing.quarantined} 条记录在隔离区"))
    if standing.failures:
        found.append(FAILURES.get(standing.error_class, FAILURES["internal"]))
    if not found and lag_of(watched_from(standing.complete_until, standing.first_run_at), now) > max_lag:
        minutes = max_lag // timedelta(minutes=1)
        found.append((f"not proved complete for more than {minutes} minutes", f"超过 {minutes} 分钟未能证明数据完整"))
    return "; ".join(en for en, _ in found), "；".join(zh for _, zh in found)


def with_credential(verdict: Verdict, expires_on: date | None, today: date, warning: timedelta) -> Verdict:
    """What an alert is opened for: a credential that ends soon, too. It says nothing about the data themselves."""
    if expires_on is None or today < expires_on - warning or verdict.health is Health.DOWN:
        return verdict
    en, zh = f"the credential ends on {expires_on}", f"访问凭证将于 {expires_on} 到期"
    if verdict.en:
        en, zh = f"{verdict.en}; {en}", f"{verdict.zh}；{zh}"
    return Verdict(Health.DEGRADED, en, zh)


def watched_from(complete_until: datetime | None, first_run_at: datetime | None) -> datetime | None:
    """The instant from which lag counts."""
    return complete_until or first_run_at


def lag_of(since: datetime | None, now: datetime) -> timedelta:
    """Now less the instant up to which data are proved complete, or of the first run while nothing is."""
    return timedelta(0) if since is None else max(now - since, timedelta(0))


def content_hash(record: object) -> bytes:
    """Equal for records that say the same, whatever order, zeros and zone their source wrote them in."""
    plain = asdict(record) if is_dataclass(record) and not isinstance(record, type) else record
    return hashlib.sha256(json.dumps(plain, sort_keys=True, default=_said, ensure_ascii=False).encode()).digest()


def _said(value: object) -> str:
    """300.00 is 300, and 09:30 in Shanghai is 01:30 in UTC."""
    if isinstance(value, Decimal):
        whole, _, part = format(value, "f").partition(".")
        return f"{whole}.{part.rstrip('0')}" if value else "0"
    if isinstance(value, datetime) and value.tzinfo:
        # A difference, since the first day of year 1 in Shanghai has no name in UTC.
        return f"{value - EPOCH} since 1970"
    return str(value)


def shape_of(bodies: Iterable[Any]) -> set[str]:
    """Field paths with their JSON types, of decoded records; absent and null fields say nothing."""
    found: set[str] = set()
    for body in bodies:
        _walk(body, "", found)
    return found


def _walk(value: Any, path: str, found: set[str]) -> None:
    if isinstance(value, Mapping):
        for name, each in value.items():
            _walk(each, f"{path}.{name}" if path else str(name), found)
    elif isinstance(value, list):
        for each in value:
            _walk(each, path + "[]", found)
    elif value is not None:
        found.add(f"{path}:{type(value).__name__}")


def fingerprint(shape: Iterable[str]) -> str:
    """Twelve characters that change when a source shows a field or type never seen before."""
    return hashlib.sha256("\n".join(sorted(shape)).encode()).hexdigest()[:12]


def refusal(raw: Raw, failure: ValidationError, key: str = "") -> Rejection:
    """The first field that is wrong, in our own words."""
    problem = failure.errors(include_url=False, include_context=False, include_input=False)[0]
    name = ".".join(str(part) for part in problem["loc"]) or "record"
    if problem["type"] == "missing":
        return Rejection(raw, f"{name} is missing", f"缺少 {name}", name, key)
    return Rejection(raw, f"{name} can't be read as agreed", f"{name} 的内容不符合约定", name, key)


def whole(text: str) -> Any:
    """What a JSON text says, halves of characters replaced. Raises ValueError."""
    body = json.loads(text)
    return json.loads(storable(json.dumps(body, ensure_ascii=False))) if _HALF.search(text) else body


def decoded(raw: Raw) -> dict[str, Any] | None:
    """The JSON object of a record, or None."""
    try:
        body = whole(raw.body)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None
