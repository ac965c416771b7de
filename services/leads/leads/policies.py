"""The versioned settings of this service: what an operations manager changes at runtime."""

from __future__ import annotations

from chassis.policy import PolicySpec
from leads.assignment.policy import AssignmentPolicy, check_assignment
from leads.capture.policy import CapturePolicy
from leads.customer_file.policy import CompletenessPolicy, check_completeness
from leads.customer_grades.policy import CustomerGradePolicy, check_customer_grades
from leads.duplicates.policy import DuplicatePolicy
from leads.grading.policy import GradingPolicy
from leads.handover.policy import HandoverPolicy, check_handover
from leads.hints.policy import HintPolicy, check_hints
from leads.pool.policy import PoolPolicy
from leads.recycle.policy import RecyclePolicy, check_recycle
from leads.response_clock.policy import ResponsePolicy
from leads.scoring.policy import ScorePolicy
from leads.tenders.policy import TenderPolicy

ASSIGNMENT = PolicySpec("assignment", AssignmentPolicy, check_assignment)
CAPTURE = PolicySpec("capture", CapturePolicy)
COMPLETENESS = PolicySpec("completeness", CompletenessPolicy, check_completeness)
CUSTOMER_GRADES = PolicySpec("customer_grades", CustomerGradePolicy, check_customer_grades)
DUPLICATES = PolicySpec("duplicates", DuplicatePolicy)
GRADING = PolicySpec("grading", GradingPolicy)
HANDOVER = PolicySpec("handover", HandoverPolicy, check_handover)
HINTS = PolicySpec("hints", HintPolicy, check_hints)
POOL = PolicySpec("pool", PoolPolicy)
RECYCLE = PolicySpec("recycle", RecyclePolicy, check_recycle)
RESPONSE = PolicySpec("response", ResponsePolicy)
SCORE = PolicySpec("score", ScorePolicy)
TENDERS = PolicySpec("tenders", TenderPolicy)

SPECS = (
    *(ASSIGNMENT, CAPTURE, COMPLETENESS, CUSTOMER_GRADES, DUPLICATES, GRADING, HANDOVER, HINTS, POOL),
    *(RECYCLE, RESPONSE, SCORE, TENDERS),
)
