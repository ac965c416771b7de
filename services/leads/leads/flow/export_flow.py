"""The heat map and the funnel as a sheet to take away (LD8.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from chassis.files import FileStore, StoredFile
from chassis.sheets import Cell as SheetCell
from chassis.sheets import Form, written
from leads.flow.flow_rules import Cell
from leads.flow.funnel_rules import Funnel, Step
from leads.roster.store import Person

_LIMIT = 1 << 28
_FLOW = (
    "月份",
    "工号",
    "姓名",
    "团队",
    "获得线索",
    "已首次响应",
    "平均首次响应（分钟）",
    "P90 首次响应（分钟）",
    "再分配",
    "再分配率",
)
_FUNNEL = ("客户类型", "渠道", "等级", "环节", "到达", "流失率", "在此结束", "停留")
_STEPS = {
    Step.CAPTURED: "录入",
    Step.ASSIGNED: "已分配",
    Step.CONTACTED: "已联系",
    Step.REPLIED: "客户回复",
    Step.CONVERTED: "转商机",
    Step.SIGNED: "签约",
}


def export_flow(
    files: FileStore, found: Sequence[Cell], people: Mapping[str, Person], form: Form, name: str
) -> StoredFile:
    return files.put(written(form, _FLOW, _flow_rows(found, people)), f"{name}.{form}", _LIMIT)


def export_funnels(files: FileStore, found: Sequence[Funnel], form: Form, name: str) -> StoredFile:
    return files.put(written(form, _FUNNEL, _funnel_rows(found)), f"{name}.{form}", _LIMIT)


def _flow_rows(found: Sequence[Cell], people: Mapping[str, Person]) -> Iterator[Sequence[SheetCell]]:
    for cell in found:
        person = people.get(cell.employee_id)
        yield (
            *(cell.month, cell.employee_id, person.name if person else "", person.unit if person else ""),
            *(cell.taken, cell.answered, _minutes(cell.mean), _minutes(cell.p90)),
            *(cell.reassigned, round(cell.reassignment_rate, 4)),
        )


def _funnel_rows(found: Sequence[Funnel]) -> Iterator[Sequence[SheetCell]]:
    for funnel in found:
        kind = "老客户转介绍" if funnel.old_customers else "新线索"
        for step, stage in funnel.stages.items():
            loss = funnel.loss(step)
            yield (
                *(kind, funnel.channel or "全部", funnel.grade or "全部", _STEPS[step]),
                *(stage.leads, None if loss is None else round(loss, 4), stage.ended, stage.waiting),
            )


def _minutes(wait: timedelta | None) -> float | None:
    return None if wait is None else round(wait.total_seconds() / 60, 1)
