"""Who may record for whom."""

from __future__ import annotations

from chassis.errors import InvalidInput, NotFound


class EmployeeNotFound(NotFound):
    en = "There is no employee {employee_id}."
    zh = "没有工号为 {employee_id} 的员工。"


class RepNotNamed(InvalidInput):
    """A telephone system has no calls of its own."""

    en = "Name the rep whose record this is."
    zh = "请指明该记录所属的销售。"
