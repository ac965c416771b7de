"""Who may record for whom."""

from __future__ import annotations

from chassis.errors import NotFound


class EmployeeNotFound(NotFound):
    en = "There is no employee {employee_id}."
    zh = "没有工号为 {employee_id} 的员工。"
