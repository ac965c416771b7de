"""Posts to the robots of groups. No address, key or secret ever reaches a log or an error text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
from pydantic import SecretStr

from integration.feeds.errors import SourceFailed
from integration.feeds.guard import AddressGuard, GuardedTransport
from integration.notifications.robot_rules import DINGTALK, Verdict, judged, message, signature

TIMEOUT = 10.0


@dataclass(frozen=True)
class Robot:
    """`url` holds the robot's key; `secret` is DingTalk's for signing."""

    channel: str
    name: str
    url: SecretStr
    secret: SecretStr = field(default_factory=lambda: SecretStr(""))


class Robots:
    def __init__(self, robots: Sequence[Robot], guard: AddressGuard) -> None:
        self.all = tuple(robots)
        self._http = httpx.Client(transport=GuardedTransport(guard), follow_redirects=False, trust_env=False)

    def say(self, robot: Robot, subject: str, body: str, delivery_id: str, real_ms: int) -> tuple[Verdict, str]:
        """`real_ms`: real time, since DingTalk refuses signatures an hour old."""
        signed = signature(real_ms, robot.secret.get_secret_value()) if _signs(robot) else {}
        content = message(robot.channel, subject, body, delivery_id)
        try:
            url = httpx.URL(robot.url.get_secret_value()).copy_merge_params(signed)
            response = self._http.post(url, json=content, timeout=TIMEOUT)
        except (httpx.HTTPError, SourceFailed) as failure:
            return Verdict.LATER, type(failure).__name__
        except httpx.InvalidURL:
            return Verdict.REFUSED, "InvalidURL"
        return judged(robot.channel, response.status_code, _decoded(response))

    def close(self) -> None:
        self._http.close()


def _signs(robot: Robot) -> bool:
    return robot.channel == DINGTALK and bool(robot.secret.get_secret_value())


def _decoded(response: httpx.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        return None
