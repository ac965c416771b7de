"""Why a score can't be given or changed."""

from __future__ import annotations

from chassis.errors import FailedPrecondition


class LeadHasEnded(FailedPrecondition):
    en = "The lead is {state}; nobody estimates it any more."
    zh = "线索已处于“{state}”状态，不再评估赢率。"
