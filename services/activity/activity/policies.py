"""The versioned settings of activity."""

from __future__ import annotations

from activity.calls.policy import CallPolicy
from activity.conversations.policy import ArchivePolicy
from activity.follow_ups.policy import TemplatesPolicy, check_templates
from chassis.policy import PolicySpec

TEMPLATES = PolicySpec("templates", TemplatesPolicy, check_templates)
ARCHIVE = PolicySpec("archive", ArchivePolicy)
CALLS = PolicySpec("calls", CallPolicy)
SPECS = (TEMPLATES, ARCHIVE, CALLS)
