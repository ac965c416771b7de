"""The kinds of history that can be brought along, in the order in which they build on each other."""

from __future__ import annotations

from collections.abc import Mapping

from leads.history_import.take_contacts import ContactsKind
from leads.history_import.take_customers import CustomersKind
from leads.history_import.take_follow_ups import FollowUpsKind
from leads.history_import.take_orders import OrdersKind
from leads.imports.history import HistoryKind

_ALL: tuple[HistoryKind, ...] = (CustomersKind(), ContactsKind(), FollowUpsKind(), OrdersKind())
KINDS: Mapping[str, HistoryKind] = {each.form.kind: each for each in _ALL}
