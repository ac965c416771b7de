from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activity.follow_ups.policy import FIRST_VISIT, Template, TemplateField, TemplatesPolicy, check_templates
from activity.follow_ups.rules import (
    ELEMENTS,
    Channel,
    Direction,
    FollowUp,
    FollowUpIncomplete,
    Outcome,
    RoleAttitude,
    Source,
    check_complete,
    find_template,
)

NOW = datetime(2026, 3, 10, 2, tzinfo=UTC)
FIELDS = {"customer": "杭州某校", "decision_maker_title": "设备科长", "need_keywords": "超声 床旁"}
COMPLETE = FollowUp(
    follow_up_id="F1",
    template="first_visit",
    lead_id="L1",
    customer_id="",
    author_id="E1",
    unit="/HQ/EAST/HZ1/",
    channel=Channel.VISIT,
    direction=Direction.OUTBOUND,
    outcome=Outcome.CONNECTED,
    occurred_at=NOW,
    recorded_at=NOW,
    source=Source.MANUAL,
    fields=FIELDS,
    input="换了设备科长",
    action="上门演示",
    output="下周给答复",
    blocker="无",
    need="更新超声设备",
    attitudes=(RoleAttitude("设备科长", "supportive"),),
)
OTHER = Template(
    name="service_call_back",
    label="Service call-back",
    label_zh="服务回访",
    fields=(TemplateField(name="remark", label="Remark", label_zh="备注", required=False),),
)


def missing(draft: FollowUp, template: Template = FIRST_VISIT) -> list[str]:
    """Fields that are refused; empty when the follow-up is complete."""
    try:
        check_complete(draft, template)
    except FollowUpIncomplete as refused:
        return [each.field for each in refused.violations if each.en and each.zh]
    return []


@pytest.mark.spec("A1.1", "A1.2")
def test_a_complete_first_visit_passes() -> None:
    assert missing(COMPLETE) == []


@pytest.mark.spec("A1.1", "A1.2")
@given(
    st.sets(st.sampled_from(sorted(ELEMENTS))),
    st.sets(st.sampled_from(sorted(FIELDS))),
    st.booleans(),
    st.sampled_from(["", "  ", "\n"]),
)
def test_all_that_is_missing_is_named_at_once(elements: set[str], fields: set[str], subject: bool, blank: str) -> None:
    draft = replace(COMPLETE, **dict.fromkeys(elements, blank), fields=FIELDS | dict.fromkeys(fields, blank))
    draft = replace(draft, lead_id="L1" if subject else "")
    expected = elements | {f"fields[{name}]" for name in fields} | (set() if subject else {"lead_id"})
    assert set(missing(draft)) == expected


@pytest.mark.spec("A1.2")
def test_a_blocker_may_be_none_but_never_empty() -> None:
    assert missing(replace(COMPLETE, blocker="none")) == []
    assert missing(replace(COMPLETE, blocker="")) == ["blocker"]


@pytest.mark.spec("A1.2")
def test_the_attitude_of_the_decision_maker_is_asked() -> None:
    assert missing(replace(COMPLETE, attitudes=())) == ["attitudes"]
    assert missing(replace(COMPLETE, attitudes=(RoleAttitude("采购", "neutral"),))) == ["attitudes"]
    assert missing(replace(COMPLETE, attitudes=(RoleAttitude(" 设备科长 ", "opposed"),))) == []


@pytest.mark.spec("A1.2")
def test_a_template_without_a_role_asks_whom_one_reached_and_nobody_when_nobody_answered() -> None:
    draft = replace(COMPLETE, fields={}, attitudes=())
    assert missing(draft, OTHER) == ["attitudes"]
    assert missing(replace(draft, outcome=Outcome.NO_ANSWER), OTHER) == []


@pytest.mark.spec("A1.1")
def test_a_field_that_the_template_does_not_have_is_refused() -> None:
    assert missing(replace(COMPLETE, fields=FIELDS | {"mood": "good"})) == ["fields[mood]"]


@pytest.mark.spec("A1.2")
@given(st.integers(-(10**6), 10**6))
def test_only_what_has_happened_can_be_recorded(seconds: int) -> None:
    draft = replace(COMPLETE, occurred_at=NOW + timedelta(seconds=seconds))
    assert missing(draft) == (["occurred_at"] if seconds > 5 else [])


@pytest.mark.spec("A1.1")
def test_a_template_nobody_defined_is_refused_with_those_there_are() -> None:
    assert find_template([FIRST_VISIT, OTHER], "service_call_back") is OTHER
    with pytest.raises(FollowUpIncomplete) as refused:
        find_template([FIRST_VISIT, OTHER], "demo")
    assert "first_visit, service_call_back" in refused.value.violations[0].en


@pytest.mark.spec("A1.1")
def test_names_of_templates_and_fields_are_there_once() -> None:
    twice = OTHER.model_copy(update={"fields": OTHER.fields * 2})
    found = check_templates(TemplatesPolicy(templates=(FIRST_VISIT, FIRST_VISIT, twice)))
    assert [each.field for each in found] == ["body.templates", "body.templates[2].fields"]
    assert not check_templates(TemplatesPolicy(templates=(FIRST_VISIT, OTHER)))
