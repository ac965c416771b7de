"""Services beside the gateway: the real contracts on real gRPC servers, answering from plain Python state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chassis.errors import EtagMismatch, NotFound
from chassis.rpc import context as calls
from chassis.rpc.server import Registration
from closeloop.common.v1.page_pb2 import PageInfo
from closeloop.integration.v1 import (
    api_key_service_pb2,
    api_key_service_pb2_grpc,
    callback_service_pb2,
    callback_service_pb2_grpc,
    directory_service_pb2,
    directory_service_pb2_grpc,
    notification_service_pb2,
    notification_service_pb2_grpc,
)
from closeloop.leads.v1 import (
    capture_service_pb2,
    capture_service_pb2_grpc,
    lead_pb2,
    lead_service_pb2,
    lead_service_pb2_grpc,
)

LEAD = "01957f3e-7c00-7d4e-9a3b-5d2f8e6c1a90"
FOREIGN = "01957f3e-7c00-7d4e-9a3b-000000000000"
ACTIVE = directory_service_pb2.EMPLOYEE_STATUS_ACTIVE
Notification = notification_service_pb2.Notification


class Company:
    """What the neighbours know. `seen` are the requests that reached a service, `refuse` makes the next ones fail."""

    def __init__(self) -> None:
        self.ports: dict[str, int] = {}
        self.reset()
        self.leads_servicers: list[Registration] = [
            (lead_service_pb2_grpc.add_LeadServiceServicer_to_server, Leads(self)),
            (capture_service_pb2_grpc.add_CaptureServiceServicer_to_server, Captures(self)),
        ]
        self.integration_servicers: list[Registration] = [
            (directory_service_pb2_grpc.add_DirectoryServiceServicer_to_server, Directory(self)),
            (api_key_service_pb2_grpc.add_ApiKeyServiceServicer_to_server, ApiKeys(self)),
            (notification_service_pb2_grpc.add_NotificationServiceServicer_to_server, Notifications(self)),
            (callback_service_pb2_grpc.add_CallbackServiceServicer_to_server, Callbacks(self)),
        ]

    def reset(self) -> None:
        self.seen: list[Any] = []
        self.callers: list[Any] = []
        self.locales: list[str] = []
        self.traces: list[str] = []
        self.refuse: Callable[[], None] = lambda: None
        self.lead = lead_pb2.Lead(lead_id=LEAD, company_name="临安电子", grade=lead_pb2.GRADE_A, etag="7")
        self.many = 1
        self.people: dict[str, directory_service_pb2.GetAccessResponse] = {}
        self.asked_about: list[str] = []
        self.api_keys: dict[bytes, api_key_service_pb2.ApiKey] = {}
        self.directory_refuses: Callable[[], None] = lambda: None
        self.inbox: dict[str, list[Notification]] = {}
        self.callback = callback_service_pb2.ReceiveCallbackResponse(content_type="text/plain", body=b"success")
        for number, duty, level in (
            ("E00001", "rep", "self"),
            ("E00002", "rep", "self"),
            ("E00100", "manager", "team"),
        ):
            self.employ(number, duty, level)

    def employ(self, number: str, duty: str, level: str, status: Any = ACTIVE) -> None:
        self.people[number] = directory_service_pb2.GetAccessResponse(
            employee_id=number, name=f"员工{number}", status=status, duties=[duty], level=level, unit="/HQ/EAST/HZ1/"
        )

    def note(self, request: Any) -> None:
        self.seen.append(request)
        self.callers.append(calls.current().identity)
        self.locales.append(calls.current().locale)
        self.traces.append(calls.current().headers.get("traceparent", ""))
        self.refuse()


class Leads(lead_service_pb2_grpc.LeadServiceServicer):
    def __init__(self, company: Company) -> None:
        self._company = company

    def GetLead(self, request: Any, context: Any) -> Any:
        self._company.note(request)
        if request.lead_id != LEAD:
            raise NotFound
        return lead_service_pb2.GetLeadResponse(lead=self._company.lead)

    def ListLeads(self, request: Any, context: Any) -> Any:
        self._company.note(request)
        leads = [self._company.lead] * self._company.many
        return lead_service_pb2.ListLeadsResponse(leads=leads, page=PageInfo(next_token="next"))

    def AcceptLead(self, request: Any, context: Any) -> Any:
        self._company.note(request)
        if request.etag not in ("", self._company.lead.etag):
            raise EtagMismatch
        return lead_service_pb2.AcceptLeadResponse(lead=self._company.lead)

    def ConvertLead(self, request: Any, context: Any) -> Any:
        self._company.note(request)
        return lead_service_pb2.ConvertLeadResponse(lead=self._company.lead)

    def GradeLead(self, request: Any, context: Any) -> Any:
        self._company.note(request)
        return lead_service_pb2.GradeLeadResponse(lead=self._company.lead)


class Captures(capture_service_pb2_grpc.CaptureServiceServicer):
    def __init__(self, company: Company) -> None:
        self._company = company

    def CaptureLead(self, request: Any, context: Any) -> Any:
        self._company.note(request)
        return capture_service_pb2.CaptureLeadResponse(lead=self._company.lead)


class Directory(directory_service_pb2_grpc.DirectoryServiceServicer):
    def __init__(self, company: Company) -> None:
        self._company = company

    def GetAccess(self, request: Any, context: Any) -> Any:
        self._company.asked_about.append(request.employee_id)
        self._company.directory_refuses()
        if request.employee_id not in self._company.people:
            raise NotFound
        return self._company.people[request.employee_id]


class ApiKeys(api_key_service_pb2_grpc.ApiKeyServiceServicer):
    """`Company.api_keys`: hash of the key → what it opens."""

    def __init__(self, company: Company) -> None:
        self._company = company

    def CheckApiKey(self, request: Any, context: Any) -> Any:
        self._company.asked_about.append(request.key_id)
        self._company.directory_refuses()
        key = self._company.api_keys.get(request.digest)
        if key is None or key.key_id != request.key_id:
            raise NotFound
        return api_key_service_pb2.CheckApiKeyResponse(key=key)


class Notifications(notification_service_pb2_grpc.NotificationServiceServicer):
    """As the contract says: newest first, or all after an id, oldest first."""

    def __init__(self, company: Company) -> None:
        self._company = company

    def ListNotifications(self, request: Any, context: Any) -> Any:
        self._company.note(request)
        held = sorted(self._company.inbox.get(calls.current().identity.subject, []), key=lambda n: n.notification_id)
        if request.HasField("after_id"):
            rows = [each for each in held if each.notification_id > max(request.after_id, int(request.page.token or 0))]
        else:
            rows = held[::-1]
        size = request.page.size or 50
        more = str(rows[size - 1].notification_id) if len(rows) > size else ""
        return notification_service_pb2.ListNotificationsResponse(
            notifications=rows[:size], unread=len(held), page=PageInfo(next_token=more)
        )


class Callbacks(callback_service_pb2_grpc.CallbackServiceServicer):
    def __init__(self, company: Company) -> None:
        self._company = company

    def ReceiveCallback(self, request: Any, context: Any) -> Any:
        self._company.note(request)
        return self._company.callback
