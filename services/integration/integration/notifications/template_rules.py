"""Every text that reaches people, in both languages, in one table (N9.1).

`{field}` is a value the event gave. A new kind is a new line here and one in `notices.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    INFO = "info"
    WARNING = "warning"
    URGENT = "urgent"


@dataclass(frozen=True)
class Template:
    severity: Severity
    title: str
    title_zh: str
    body: str
    body_zh: str
    link: str = ""


TEMPLATES: dict[str, Template] = {
    "lead_assigned": Template(
        Severity.INFO,
        "New lead: {company_name} (grade {grade})",
        "新线索：{company_name}（{grade} 级）",
        "{company_name} is yours since {assigned_at}. Please respond in time.",
        "{company_name} 已于 {assigned_at} 分配给您，请及时响应。",
        "/api/v1/leads/{lead_id}",
    ),
    "assignment_held": Template(
        Severity.WARNING,
        "Lead waits for a rep: {company_name}",
        "线索暂缓分配：{company_name}",
        "{company_name} (grade {grade}) is held since {since}: {why}.",
        "{company_name}（{grade} 级）自 {since} 起暂缓分配：{why_zh}。",
        "/api/v1/leads/{lead_id}",
    ),
    "response_reminder": Template(
        Severity.WARNING,
        "Please respond: {company_name}",
        "请尽快响应：{company_name}",
        "{company_name} has had no response since {assigned_at}.",
        "{company_name} 自 {assigned_at} 分配后尚无响应。",
        "/api/v1/leads/{lead_id}",
    ),
    "response_overdue": Template(
        Severity.URGENT,
        "No response yet: {company_name}",
        "线索超时未响应：{company_name}",
        "{company_name} (grade {grade}), with {owner_name} since {assigned_at}, has had no response.",
        "{company_name}（{grade} 级）自 {assigned_at} 分配给 {owner_name}，至今未响应。",
        "/api/v1/leads/{lead_id}",
    ),
    "recycle_warning": Template(
        Severity.URGENT,
        "About to be recycled: {company_name}",
        "线索即将回收：{company_name}",
        "{company_name} goes back to the pool unless it gets a response soon.",
        "{company_name} 若仍无跟进，即将回收至公海。",
        "/api/v1/leads/{lead_id}",
    ),
    "lead_recycled": Template(
        Severity.WARNING,
        "Recycled: {company_name}",
        "线索已回收：{company_name}",
        "{company_name} went back to the pool at {recycled_at}: {reason}.",
        "{company_name} 已于 {recycled_at} 回收至公海：{reason_zh}。",
        "/api/v1/leads/{lead_id}",
    ),
    "waits_too_long": Template(
        Severity.URGENT,
        "Grade {grade} lead without an owner for {minutes} min: {company_name}",
        "{grade} 级线索已等待 {minutes} 分钟：{company_name}",
        "{company_name} waits for a rep since {since}: {reason}",
        "{company_name} 自 {since} 起等待分配：{reason_zh}",
        "/api/v1/leads/{lead_id}",
    ),
    "rep_paused": Template(
        Severity.URGENT,
        "{name} is paused: {share} of the team's leads",
        "{name} 已暂停接收线索：占团队 {share}",
        "{to_rep} of {to_team} leads within {window_minutes} min would have gone to {name}; {limit} is the limit."
        " Others get them until you clear the pause.",
        "{window_minutes} 分钟内团队 {to_team} 条线索中有 {to_rep} 条将分给 {name}，超过上限 {limit}。"
        "解除暂停前，线索将分给其他人。",
        "/api/v1/assignment/pauses",
    ),
    "leads_recalled": Template(
        Severity.WARNING,
        "{released} leads taken back from {name}",
        "已从 {name} 召回 {released} 条线索",
        "Assigned since {since}: {reason}. They are being assigned to others.",
        "{since} 之后分配的线索：{reason_zh}。正在重新分配。",
        "/api/v1/recalls/{recall_id}",
    ),
    "fairness_drifted": Template(
        Severity.WARNING,
        "Assignment drifts for {name}",
        "{name} 的线索分配出现偏差",
        "{name} received {received} grade {grade} leads, {owed} were due (drift {drift}).",
        "{name} 实得 {grade} 级线索 {received} 条，应得 {owed} 条（偏差 {drift}）。",
        "/api/v1/employees/{employee_id}",
    ),
    "rep_passed_over": Template(
        Severity.INFO,
        "A new lead went to others: your load is {load}",
        "新线索已分配给他人：您的负荷为 {load}",
        "Your open leads weigh {weighted} of {baseline}. Please work your to-dos.",
        "您的在手线索折合 {weighted} / {baseline}，请先处理待办。",
        "/api/v1/leads?ownerId={employee_id}",
    ),
    "import_progressed": Template(
        Severity.INFO,
        "Import finished: {created} new, {appended} duplicates, {failed} errors",
        "导入完成：新增 {created}，重复 {appended}，错误 {failed}",
        "{rows_read} rows were read. State: {state}.",
        "共读取 {rows_read} 行。状态：{state}。",
        "/api/v1/lead-imports/{import_id}",
    ),
    "handover_opened": Template(
        Severity.WARNING,
        "Handover: {name} {cause}",
        "客户交接：{name}{cause_zh}",
        "{customers} customers, {leads} open leads and {promises} promises go to others at {move_due_at}; decide on"
        " another split before, or release it.",
        "{customers} 家客户、{leads} 条在跟线索、{promises} 项未兑现承诺将于 {move_due_at} 移交，"
        "此前可调整分配或提前放行。",
        "/api/v1/handovers/{handover_id}",
    ),
    "handover_moved": Template(
        Severity.WARNING,
        "Handed over from {name}: {moved}",
        "{name} 的交接已移交 {moved} 项",
        "Moved at {moved_at}; {held} found nobody yet. Please look through your part, tell the customers, check off.",
        "已于 {moved_at} 移交，另有 {held} 项暂无人接手。请核对您接收的部分、告知客户并确认。",
        "/api/v1/handovers/{handover_id}",
    ),
    "handover_late": Template(
        Severity.URGENT,
        "{left} of {name}'s customers and leads have no new owner",
        "{name} 的 {left} 项客户或线索仍无新负责人",
        "Two hours are over. Please decide on who takes them.",
        "两小时时限已过，请指定接手人。",
        "/api/v1/handovers/{handover_id}",
    ),
    "handover_check_off": Template(
        Severity.WARNING,
        "Please check off the handover of {name}",
        "请确认 {name} 的交接",
        "{left} items are not checked off by both sides.",
        "尚有 {left} 项未经双方确认。",
        "/api/v1/handovers/{handover_id}",
    ),
    "handover_closed": Template(
        Severity.INFO,
        "Handover of {name} is through",
        "{name} 的交接已完成",
        "{moved} items were moved and checked off by both sides.",
        "{moved} 项已移交并经双方确认。",
        "/api/v1/handovers/{handover_id}",
    ),
    "handover_cancelled": Template(
        Severity.INFO,
        "{name} is back: nothing is handed over",
        "{name} 已返岗，交接取消",
        "Customers and leads stay where they are.",
        "客户和线索保持不变。",
        "/api/v1/handovers/{handover_id}",
    ),
    "slip_created": Template(
        Severity.INFO,
        "Incentive {amount} for {beneficiary_name}",
        "{beneficiary_name} 激励 {amount}",
        "{customer_name}, contract {contract_number}: {words}",
        "{customer_name}，合同 {contract_number}：{words_zh}",
        "/api/v1/incentive-slips/{slip_id}",
    ),
    "slip_confirmed": Template(
        Severity.INFO,
        "Incentive confirmed: {amount}",
        "激励已确认：{amount}",
        "Confirmed at {confirmed_at}.",
        "确认时间 {confirmed_at}。",
        "/api/v1/incentive-slips/{slip_id}",
    ),
    "slip_clawed_back": Template(
        Severity.WARNING,
        "Incentive taken back: {amount}",
        "激励已扣回：{amount}",
        "Reason: {reason}.",
        "原因：{reason_zh}。",
        "/api/v1/incentive-slips/{slip_id}",
    ),
    "calendar_provisional": Template(
        Severity.WARNING,
        "The working calendar of {year} is provisional",
        "{year} 年工作日历尚为暂定",
        "Its make-up workdays are not known yet: clocks count Monday to Friday less festivals. Update the system.",
        "调休安排尚未更新：各时限暂按周一至周五并扣除法定节日计算，请升级系统。",
        "",
    ),
    "slip_held": Template(
        Severity.INFO,
        "Incentive waits for a budget: {amount}, {customer_name}",
        "激励暂缓：{amount}，{customer_name}",
        "It is not lost. {reason}",
        "该激励予以保留。{reason_zh}",
        "/api/v1/incentive-slips/{slip_id}",
    ),
    "budget_exhausted": Template(
        Severity.WARNING,
        "Incentive budget exhausted: {whose}",
        "激励预算已用尽：{whose}",
        "{starts_on} to {ends_on}: {used} of {amount} given; {held} of {held_orders} orders wait.",
        "{starts_on} 至 {ends_on}：预算 {amount}，已发放 {used}；{held_orders} 个订单共 {held} 暂缓。",
        "/api/v1/incentive-budgets",
    ),
    "slip_reminded": Template(
        Severity.WARNING,
        "Please answer: incentive {amount}",
        "请确认激励单：{amount}",
        "{customer_name}: reminder {number}. Without an answer it is confirmed on {confirmed_from}.",
        "{customer_name}：第 {number} 次提醒。如无回复，将于 {confirmed_from} 视为确认。",
        "/api/v1/incentive-slips/{slip_id}",
    ),
    "slip_appealed": Template(
        Severity.URGENT,
        "Appeal by {beneficiary_name}: {amount}",
        "{beneficiary_name} 提出激励申诉：{amount}",
        "{customer_name}: {reason} Please decide until {due_at} (level {level}).",
        "{customer_name}：{reason} 请于 {due_at} 前裁决（{level_zh}）。",
        "/api/v1/incentive-slips/{slip_id}/appeal",
    ),
    "appeal_moved": Template(
        Severity.URGENT,
        "Appeal escalated: {beneficiary_name}, {amount}",
        "申诉升级：{beneficiary_name}，{amount}",
        "{customer_name}: the time before is over. Please decide until {due_at} (level {level}).",
        "{customer_name}：上一时限已过，请于 {due_at} 前裁决（{level_zh}）。",
        "/api/v1/incentive-slips/{slip_id}/appeal",
    ),
    "appeal_assigned": Template(
        Severity.URGENT,
        "Appeal handed to you: {beneficiary_name}, {amount}",
        "申诉转交给您：{beneficiary_name}，{amount}",
        "{customer_name}: please decide until {due_at} (level {level}).",
        "{customer_name}：请于 {due_at} 前裁决（{level_zh}）。",
        "/api/v1/incentive-slips/{slip_id}/appeal",
    ),
    "appeal_info_asked": Template(
        Severity.WARNING,
        "A question about your appeal: {customer_name}",
        "您的申诉需要补充信息：{customer_name}",
        "{question}",
        "{question}",
        "/api/v1/incentive-slips/{slip_id}/appeal",
    ),
    "appeal_info_given": Template(
        Severity.URGENT,
        "Appeal goes on: {beneficiary_name}, {customer_name}",
        "申诉已补充信息：{beneficiary_name}，{customer_name}",
        "{answer} Please decide until {due_at}.",
        "{answer} 请于 {due_at} 前裁决。",
        "/api/v1/incentive-slips/{slip_id}/appeal",
    ),
    "slip_decided": Template(
        Severity.INFO,
        "Your appeal is {outcome}: {customer_name}",
        "申诉结果：{outcome_zh}（{customer_name}）",
        "{reason}",
        "{reason}",
        "/api/v1/incentive-slips/{slip_id}/appeal",
    ),
    "slip_to_adjust": Template(
        Severity.WARNING,
        "To adjust: {beneficiary_name}, {amount} → {awarded}",
        "待调整：{beneficiary_name}，{amount} → {awarded}",
        "{customer_name}: {reason}",
        "{customer_name}：{reason}",
        "/api/v1/incentive-slips/{slip_id}/appeal",
    ),
    "slip_adjusted": Template(
        Severity.INFO,
        "Incentive adjusted: {before} → {amount}",
        "激励已调整：{before} → {amount}",
        "{customer_name}: please confirm.",
        "{customer_name}：请确认。",
        "/api/v1/incentive-slips/{slip_id}",
    ),
    "appeal_withdrawn": Template(
        Severity.INFO,
        "Appeal withdrawn: {beneficiary_name}, {customer_name}",
        "申诉已撤回：{beneficiary_name}，{customer_name}",
        "Nothing is left to decide.",
        "无需继续裁决。",
        "/api/v1/incentive-slips/{slip_id}/appeal",
    ),
    "rule_published": Template(
        Severity.INFO,
        "New incentive rule: {name}",
        "激励规则发布：{name_zh}",
        "{words}",
        "{words_zh}",
        "/api/v1/incentive-rules/{rule_id}",
    ),
    "gate_refused": Template(
        Severity.INFO,
        "Not yet “{after}”: {name}",
        "暂不能进入“{after}”：{name}",
        "Missing: {missing}.",
        "缺少：{missing}。",
        "/api/v1/opportunities/{opportunity_id}",
    ),
    "approval_completed": Template(
        Severity.INFO,
        "Approval {result}: {title}",
        "审批{result_zh}：{title}",
        "{title} was {result} at {completed_at}. {url}",
        "{title} 已于 {completed_at} 审批结束：{result_zh}。{url}",
    ),
    "backfill_waits": Template(
        Severity.WARNING,
        "Back-entry to approve: {amount} from {payer_name}",
        "补录待审批：{payer_name} {amount}",
        "Voucher {voucher_number}, booked on {booked_on}, entered by {author_id}. Look at the scan before you approve.",
        "凭证 {voucher_number}，入账日 {booked_on}，录入人 {author_id}。审批前请核对凭证扫描件。",
        "/api/v1/back-entries/{back_entry_id}",
    ),
    "backfill_approved": Template(
        Severity.INFO,
        "Back-entry approved: {amount} from {payer_name}",
        "补录已通过：{payer_name} {amount}",
        "Voucher {voucher_number}: {how}.",
        "凭证 {voucher_number}：{how_zh}。",
        "/api/v1/back-entries/{back_entry_id}",
    ),
    "backfill_differs": Template(
        Severity.WARNING,
        "The bank says otherwise than voucher {voucher_number}",
        "银行数据与凭证 {voucher_number} 不一致",
        "The bank's row has taken the place of the back-entry and is believed: {differences}.",
        "已以银行数据为准替换补录：{differences}。",
        "/api/v1/back-entries/{back_entry_id}",
    ),
    "feed_degraded": Template(
        Severity.URGENT,
        "Feed {feed} is {health}",
        "数据源 {feed} 异常（{health_zh}）",
        "{reason}. Figures that depend on it are provisional; data are complete until {complete_until}.",
        "{reason_zh}。相关数字为暂定，数据完整至 {complete_until}。",
        "/api/v1/feeds/{feed}",
    ),
    "feed_escalated": Template(
        Severity.URGENT,
        "Feed {feed} is {health} and nobody looks after it",
        "数据源 {feed} 异常（{health_zh}）且无人处理",
        "{reason}, since {opened_at}. Figures that depend on it are provisional.",
        "{reason_zh}，自 {opened_at} 起无人确认。相关数字为暂定。",
        "/api/v1/feeds/{feed}",
    ),
    "feed_recovered": Template(
        Severity.INFO,
        "Feed {feed} is well again",
        "数据源 {feed} 已恢复",
        "Data are complete until {complete_until}.",
        "数据完整至 {complete_until}。",
        "/api/v1/feeds/{feed}",
    ),
}
