"""The doors: decode, call, encode."""

from __future__ import annotations

import grpc

from activity import mapping
from activity.calls import store as calls
from activity.calls.record_call import record_call
from activity.conversations import store as conversations
from activity.follow_ups import store as follow_ups
from activity.follow_ups.record_follow_up import record_follow_up
from activity.policies import ARCHIVE, CALLS, TEMPLATES
from chassis.policy import Policies
from chassis.rpc.paging import Page
from chassis.rpc.servicer import Servicer
from chassis.unit_of_work import Transaction, UnitOfWork
from closeloop.activity.v1 import call_service_pb2 as call_pb
from closeloop.activity.v1 import call_service_pb2_grpc as call_grpc
from closeloop.activity.v1 import conversation_service_pb2 as conversation_pb
from closeloop.activity.v1 import conversation_service_pb2_grpc as conversation_grpc
from closeloop.activity.v1 import follow_up_service_pb2 as follow_up_pb
from closeloop.activity.v1 import follow_up_service_pb2_grpc as follow_up_grpc
from closeloop.common.v1.page_pb2 import PageInfo

Context = grpc.ServicerContext


class _WithPolicies(Servicer):
    def __init__(self, uow: UnitOfWork, policies: Policies) -> None:
        super().__init__(uow)
        self._policies = policies


class FollowUpService(_WithPolicies, follow_up_grpc.FollowUpServiceServicer):
    def RecordFollowUp(
        self, request: follow_up_pb.RecordFollowUpRequest, context: Context
    ) -> follow_up_pb.RecordFollowUpResponse:
        version, policy = self._policies.current(TEMPLATES)

        def decide(tx: Transaction) -> follow_up_pb.RecordFollowUpResponse:
            made = record_follow_up(tx, mapping.follow_up_in(request, tx.now), policy, version=version)
            return follow_up_pb.RecordFollowUpResponse(follow_up=mapping.follow_up(made))

        return self.change(request, decide)

    def GetFollowUp(
        self, request: follow_up_pb.GetFollowUpRequest, context: Context
    ) -> follow_up_pb.GetFollowUpResponse:
        def query(tx: Transaction) -> follow_up_pb.GetFollowUpResponse:
            row = follow_ups.load_follow_up(tx, request.follow_up_id)
            return follow_up_pb.GetFollowUpResponse(follow_up=mapping.follow_up(row))

        return self.read(request, query)

    def ListFollowUps(
        self, request: follow_up_pb.ListFollowUpsRequest, context: Context
    ) -> follow_up_pb.ListFollowUpsResponse:
        page = Page.of(request.page)

        def query(tx: Transaction) -> follow_up_pb.ListFollowUpsResponse:
            found = follow_ups.list_follow_ups(
                tx, page, lead_id=request.lead_id, customer_id=request.customer_id, author_id=request.author_id
            )
            rows, token = page.cut(found, lambda row: {"id": row.follow_up_id})
            return follow_up_pb.ListFollowUpsResponse(
                follow_ups=[mapping.follow_up(row) for row in rows], page=PageInfo(next_token=token)
            )

        return self.read(request, query)

    def ListTemplates(
        self, request: follow_up_pb.ListTemplatesRequest, context: Context
    ) -> follow_up_pb.ListTemplatesResponse:
        _, policy = self._policies.current(TEMPLATES)
        return follow_up_pb.ListTemplatesResponse(templates=[mapping.template(each) for each in policy.templates])


class CallService(_WithPolicies, call_grpc.CallServiceServicer):
    def RecordCall(self, request: call_pb.RecordCallRequest, context: Context) -> call_pb.RecordCallResponse:
        version, policy = self._policies.current(CALLS)

        def decide(tx: Transaction) -> call_pb.RecordCallResponse:
            made = record_call(tx, mapping.call_in(request), policy, version=version)
            return call_pb.RecordCallResponse(call=mapping.call(made))

        return self.change(request, decide)

    def GetCall(self, request: call_pb.GetCallRequest, context: Context) -> call_pb.GetCallResponse:
        def query(tx: Transaction) -> call_pb.GetCallResponse:
            return call_pb.GetCallResponse(call=mapping.call(calls.load_call(tx, request.call_id)))

        return self.read(request, query)

    def ListCalls(self, request: call_pb.ListCallsRequest, context: Context) -> call_pb.ListCallsResponse:
        page = Page.of(request.page)

        def query(tx: Transaction) -> call_pb.ListCallsResponse:
            found = calls.list_calls(
                tx, page, lead_id=request.lead_id, customer_id=request.customer_id, rep_id=request.rep_id
            )
            rows, token = page.cut(found, lambda row: {"id": row.call_id})
            return call_pb.ListCallsResponse(calls=[mapping.call(row) for row in rows], page=PageInfo(next_token=token))

        return self.read(request, query)


class ConversationService(_WithPolicies, conversation_grpc.ConversationServiceServicer):
    def ListArchives(
        self, request: conversation_pb.ListArchivesRequest, context: Context
    ) -> conversation_pb.ListArchivesResponse:
        page = Page.of(request.page)

        def query(tx: Transaction) -> conversation_pb.ListArchivesResponse:
            found = conversations.list_archives(
                tx, page, lead_id=request.lead_id, customer_id=request.customer_id, rep_id=request.rep_id
            )
            rows, token = page.cut(found, lambda row: {"id": row.archive_id})
            return conversation_pb.ListArchivesResponse(
                archives=[mapping.archive(row) for row in rows], page=PageInfo(next_token=token)
            )

        return self.read(request, query)

    def GetArchive(
        self, request: conversation_pb.GetArchiveRequest, context: Context
    ) -> conversation_pb.GetArchiveResponse:
        def query(tx: Transaction) -> conversation_pb.GetArchiveResponse:
            row = conversations.load_archive(tx, request.archive_id)
            said = conversations.messages_of(tx, row.message_ids)
            return conversation_pb.GetArchiveResponse(
                archive=mapping.archive(row), messages=[mapping.chat_message(each) for each in said]
            )

        return self.read(request, query)

    def ListTags(self, request: conversation_pb.ListTagsRequest, context: Context) -> conversation_pb.ListTagsResponse:
        _, policy = self._policies.current(ARCHIVE)
        return conversation_pb.ListTagsResponse(tags=policy.tags)
