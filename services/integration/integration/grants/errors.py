"""What is refused when duties are granted."""

from __future__ import annotations

from chassis.errors import AlreadyExists, FailedPrecondition, InvalidInput, NotFound, PermissionDenied


class GrantNotFound(NotFound):
    en = "There is no grant {grant_id}."
    zh = "授权 {grant_id} 不存在。"


class AlreadyGranted(AlreadyExists):
    en = "{employee_id} already holds the duty {duty} by a grant."
    zh = "{employee_id} 已被授予职责 {duty}。"


class GrantAlreadyEnded(FailedPrecondition):
    en = "The grant has already ended."
    zh = "该授权已经结束。"


class OwnRights(PermissionDenied):
    """Four eyes: nobody widens the own rights."""

    en = "Nobody can grant a duty to themselves."
    zh = "不能给自己授予职责。"


class EndsInThePast(InvalidInput):
    en = "The end must lie ahead."
    zh = "截止时间必须晚于当前时间。"
