"""Many people at work at once (P8.1): 70 % reads, 25 % writes, 5 % reports, by REST, each on a connection of their own.

`python -m bench.mixed_load [--users 200,1000] [--seconds 60] [--profile …/py-spy]`: the six services, the gateway,
PostgreSQL, the broker and the load generator share the cores. 1,000 reps, 20,000 leads. A closed loop: a person waits
for the answer, then 5 to 10 seconds, evenly spread; a call is timed from when the person wanted to begin. The first
sixth warms up and is not counted. With `--profile`, a quarter of the run is sampled in every process, and the functions
that were at work are shown.
"""

from __future__ import annotations

import random
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event, Lock, Thread, stack_size
from uuid import uuid4

from bench.load import Taken
from bench.many_leads import fill, first_lead, lead_of, tell_activity
from bench.people import hire, place, rep
from bench.report import figure, machine, options, say
from bench.rest import Person, Refused
from bench.stand import SERVICES, Stand, open_stand
from bench.where import profile

THINK = 5.0, 10.0
MONTH = "2026-03"
OWN_LEADS = 20


@dataclass(frozen=True)
class Size:
    users: int
    seconds: float
    reps: int
    leads: int
    think: tuple[float, float] = THINK


@dataclass
class User:
    """A rep at work."""

    person: Person
    number: int
    chance: random.Random
    reps: int

    def some_lead(self) -> str:
        return lead_of(self.number, self.chance.randint(1, OWN_LEADS - 1), self.reps)


Do = Callable[[User], object]


def _get(path: str) -> Do:
    return lambda user: user.person.get(path)


def _capture(user: User) -> None:
    key = user.chance.randrange(10**8)
    lead = {
        "companyName": f"压测第{key}公司",
        "contactName": "王工",
        "channel": "website",
        "phone": f"137{key:08d}",
        "city": "杭州",
        "province": "浙江",
        "need": "采购一台设备",
    }
    user.person.post("/api/v1/leads", lead, str(uuid4()))


def _follow_up(user: User) -> None:
    told = {
        "template": "first_visit",
        "leadId": user.some_lead(),
        "channel": "CHANNEL_CALL",
        "direction": "DIRECTION_OUTBOUND",
        "outcome": "OUTCOME_CONNECTED",
        "fields": {"customer": "压测客户", "decision_maker_title": "总经理", "need_keywords": "设备"},
        "attitudes": [{"title": "总经理", "attitude": "ATTITUDE_SUPPORTIVE"}],
        "input": "客户询价", "action": "电话沟通", "output": "约定拜访", "blocker": "无", "need": "设备",
        "recordingSeconds": 40,
    }  # fmt: skip
    user.person.post("/api/v1/follow-ups", told, str(uuid4()))


def _mark_read(user: User) -> None:
    user.person.post("/api/v1/notifications:mark-read", {"notificationIds": []}, str(uuid4()))


# Operation → its share in percent.
MIX: dict[str, tuple[int, Do]] = {
    "read: my leads": (20, _get("/api/v1/leads?page.size=50")),
    "read: one lead": (20, lambda user: user.person.get(f"/api/v1/leads/{user.some_lead()}")),
    "read: its timeline": (10, lambda user: user.person.get(f"/api/v1/leads/{user.some_lead()}/timeline")),
    "read: my notifications": (10, _get("/api/v1/notifications")),
    "read: my opportunities": (5, _get("/api/v1/opportunities")),
    "read: my slips": (5, _get("/api/v1/incentive-slips")),
    "write: capture and assign": (8, _capture),
    "write: follow-up": (10, _follow_up),
    "write: mark read": (7, _mark_read),
    "report: forecast": (2, _get(f"/api/v1/forecast?month={MONTH}")),
    "report: attainment": (2, _get(f"/api/v1/attainment?month={MONTH}")),
    "report: loads of the team": (1, _get("/api/v1/assignment/reps")),
}


class Crowd:
    """One thread for each user."""

    def __init__(self, stand: Stand, size: Size) -> None:
        self.taken: defaultdict[str, Taken] = defaultdict(Taken)
        self._size = size
        self._lock = Lock()
        with ThreadPoolExecutor(8) as pool:
            self._users = list(pool.map(lambda number: self._sign_in(stand, number), range(size.users)))

    def run(self) -> None:
        """Returns when everybody went home."""
        began = time.perf_counter()
        before = stack_size(256 * 1024)
        threads = [Thread(target=self._work, args=[user, began]) for user in self._users]
        for each in threads:
            each.start()
        stack_size(before)
        for each in threads:
            each.join()

    def close(self) -> None:
        for each in self._users:
            each.person.close()

    def _sign_in(self, stand: Stand, number: int) -> User:
        own = number % self._size.reps
        return User(Person(stand, rep(own)), own, random.Random(number), self._size.reps)

    def _work(self, user: User, began: float) -> None:
        names, weights = list(MIX), [share for share, _ in MIX.values()]
        wanted = began + user.chance.uniform(0, self._size.think[1])  # nobody comes in step
        while wanted < began + self._size.seconds:
            time.sleep(max(0.0, wanted - time.perf_counter()))
            name = user.chance.choices(names, weights)[0]
            counts = wanted > began + self._size.seconds / 6
            self._do(name, user, wanted, counts)
            wanted = time.perf_counter() + user.chance.uniform(*self._size.think)

    def _do(self, name: str, user: User, wanted: float, counts: bool) -> None:
        try:
            MIX[name][1](user)
        except Exception as failure:  # noqa: BLE001 - counted and shown
            with self._lock:
                self.taken[name].errors[_kind(failure)] += counts
        else:
            if counts:
                with self._lock:
                    self.taken[name].seconds.append(time.perf_counter() - wanted)


def _kind(failure: Exception) -> str:
    return str(failure.status) if isinstance(failure, Refused) else type(failure).__name__


def measure(stand: Stand, size: Size, py_spy: str) -> None:
    crowd = Crowd(stand, size)
    work, done = stand.work(), Event()
    watcher = Thread(target=_watch, args=[stand, size, py_spy, done]) if py_spy else None
    if watcher:
        watcher.start()
    crowd.run()
    spent = work.seconds()
    whole = Taken()
    for each in crowd.taken.values():
        whole.seconds += each.seconds
        whole.errors += each.errors
    for name in MIX:
        say(f"  {name}: {crowd.taken[name]}")
    figure(f"mixed load, {size.users} users", f"{whole}, {len(whole.seconds) / (size.seconds * 5 / 6):.0f} calls/s, "
           f"errors {whole.error_share:.2%}", "p95 < 300 ms, errors < 0.1 %")  # fmt: skip
    say(f"  {work.per(round(len(whole.seconds) * 6 / 5))}")
    busiest = sorted(spent.items(), key=lambda pair: -pair[1])
    say(f"  CPU seconds in {size.seconds:.0f} s: " + ", ".join(f"{name} {each:.1f}" for name, each in busiest))
    crowd.close()
    done.set()
    if watcher:
        watcher.join()


def _watch(stand: Stand, size: Size, py_spy: str, done: Event) -> None:
    """The middle of the run."""
    if not done.wait(size.seconds / 2):
        pids = {name: each.pid for name, each in stand.programs.items()}
        for line in profile(py_spy, pids, max(1.0, size.seconds / 4), stand.folder):
            say(line)


def idle(stand: Stand, seconds: float) -> None:
    """What everything costs while nobody is there."""
    work = stand.work()
    time.sleep(seconds)
    spent = work.seconds()
    busiest = sorted(((name, each / seconds) for name, each in spent.items()), key=lambda pair: -pair[1])
    say(f"idle: {sum(spent.values()) / seconds:.2f} cores: " + ", ".join(f"{n} {share:.1%}" for n, share in busiest))


def prepare(stand: Stand, size: Size) -> None:
    hire(stand, size.reps)
    place(stand, size.reps)
    fill(stand, size.leads, size.reps, first_lead(stand))
    tell_activity(stand, size.leads, size.reps)


def main() -> int:
    asked = options(__doc__ or "", users="how many, by commas", seconds="of each", profile="path of py-spy")
    seconds, reps, think = float(asked.seconds or 60), 1_000, THINK
    users = asked.users or "200,1000"
    if asked.quick:
        seconds, reps, think, users = 3, 20, (0.2, 0.4), "10"
    sizes = [Size(int(each), seconds, reps, reps * OWN_LEADS, think) for each in users.split(",")]
    machine()
    with open_stand() as stand:
        stand.start(*SERVICES, gateway=True)
        prepare(stand, sizes[0])
        idle(stand, 1 if asked.quick else 5)
        for size in sizes:
            measure(stand, size, asked.profile)
    return 0


if __name__ == "__main__":
    sys.exit(main())
