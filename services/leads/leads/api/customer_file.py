"""The customer file in three layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from chassis.kernel.calendar import local_date
from chassis.policy import Policies
from chassis.rpc.paging import Page
from chassis.rpc.servicer import Servicer
from chassis.unit_of_work import Transaction, UnitOfWork
from closeloop.leads.v1 import customer_file_service_pb2 as pb
from closeloop.leads.v1 import customer_file_service_pb2_grpc as pb_grpc
from leads.api import customer_file_messages as messages
from leads.customer_file.contact_rules import Contact
from leads.customer_file.count_completeness import count_again
from leads.customer_file.credential_rules import Credential
from leads.customer_file.get_file import get_file
from leads.customer_file.keep_contacts import add_contact, change_contact, list_contacts, retire_contact
from leads.customer_file.keep_credentials import add_credential, retire_credential
from leads.customer_file.list_purchases import list_purchases
from leads.customer_file.policy import CompletenessPolicy
from leads.customer_file.update_base import update_base
from leads.interactions.list_interactions import list_interactions
from leads.mapping import common
from leads.mapping import customers as mapping
from leads.roster import store as roster
from leads.service_track.list_service_track import list_service_track

Kept = TypeVar("Kept", Contact, Credential)


class CustomerFileService(Servicer, pb_grpc.CustomerFileServiceServicer):
    def __init__(self, uow: UnitOfWork, policies: Policies) -> None:
        super().__init__(uow)
        self._policies = policies

    def GetCustomerFile(self, request: pb.GetCustomerFileRequest, context: Any) -> pb.GetCustomerFileResponse:
        def answer(tx: Transaction) -> pb.GetCustomerFileResponse:
            policy = self._policy()[1]
            found = get_file(tx, request.customer_id, policy)
            people = roster.people(tx, messages.people_in(found))
            return messages.file(found, policy, people, local_date(tx.now))

        return self.read(request, answer)

    def UpdateCustomerBase(self, request: pb.UpdateCustomerBaseRequest, context: Any) -> pb.UpdateCustomerBaseResponse:
        def answer(tx: Transaction) -> pb.UpdateCustomerBaseResponse:
            version, policy = self._policy()
            changed = update_base(tx, request.customer_id, int(request.etag), messages.edit(request))
            counted = count_again(tx, changed.customer_id, policy, version)
            return pb.UpdateCustomerBaseResponse(
                customer=mapping.customer(changed, roster.people(tx, [changed.owner_id])),
                completeness=messages.completeness(counted, policy),
            )

        return self.change(request, answer)

    def AddContact(self, request: pb.AddContactRequest, context: Any) -> pb.AddContactResponse:
        entry = messages.contact_entry(request.contact)
        added = self._counted(lambda tx: add_contact(tx, request.customer_id, entry))
        return self.change(request, lambda tx: pb.AddContactResponse(contact=messages.contact(added(tx))))

    def ChangeContact(self, request: pb.ChangeContactRequest, context: Any) -> pb.ChangeContactResponse:
        entry = messages.contact_entry(request.contact)
        changed = self._counted(lambda tx: change_contact(tx, request.contact_id, request.etag, entry))
        return self.change(request, lambda tx: pb.ChangeContactResponse(contact=messages.contact(changed(tx))))

    def RetireContact(self, request: pb.RetireContactRequest, context: Any) -> pb.RetireContactResponse:
        retired = self._counted(lambda tx: retire_contact(tx, request.contact_id, request.reason))
        return self.change(request, lambda tx: pb.RetireContactResponse(contact=messages.contact(retired(tx))))

    def ListContacts(self, request: pb.ListContactsRequest, context: Any) -> pb.ListContactsResponse:
        def answer(tx: Transaction) -> pb.ListContactsResponse:
            found, token = list_contacts(tx, request.customer_id, Page.of(request.page))
            return pb.ListContactsResponse(contacts=map(messages.contact, found), page=common.page(token))

        return self.read(request, answer)

    def AddCredential(self, request: pb.AddCredentialRequest, context: Any) -> pb.AddCredentialResponse:
        entry = messages.credential_entry(request)
        added = self._counted(lambda tx: add_credential(tx, request.customer_id, entry))
        return self.change(
            request,
            lambda tx: pb.AddCredentialResponse(credential=messages.credential(added(tx), local_date(tx.now))),
        )

    def RetireCredential(self, request: pb.RetireCredentialRequest, context: Any) -> pb.RetireCredentialResponse:
        retired = self._counted(lambda tx: retire_credential(tx, request.credential_id, request.reason))
        return self.change(
            request,
            lambda tx: pb.RetireCredentialResponse(credential=messages.credential(retired(tx), local_date(tx.now))),
        )

    def ListInteractions(self, request: pb.ListInteractionsRequest, context: Any) -> pb.ListInteractionsResponse:
        def answer(tx: Transaction) -> pb.ListInteractionsResponse:
            rows, token = list_interactions(tx, request.customer_id, Page.of(request.page))
            people = roster.people(tx, {row.by for row in rows})
            found = [messages.interaction(row, people) for row in rows]
            return pb.ListInteractionsResponse(interactions=found, page=common.page(token))

        return self.read(request, answer)

    def ListServiceTrack(self, request: pb.ListServiceTrackRequest, context: Any) -> pb.ListServiceTrackResponse:
        def answer(tx: Transaction) -> pb.ListServiceTrackResponse:
            stage = messages.STAGES.get(request.stage)
            rows, token = list_service_track(tx, request.customer_id, stage, Page.of(request.page))
            return pb.ListServiceTrackResponse(steps=map(messages.step, rows), page=common.page(token))

        return self.read(request, answer)

    def ListPurchases(self, request: pb.ListPurchasesRequest, context: Any) -> pb.ListPurchasesResponse:
        def answer(tx: Transaction) -> pb.ListPurchasesResponse:
            rows, token = list_purchases(tx, request.customer_id, Page.of(request.page))
            return pb.ListPurchasesResponse(purchases=map(messages.purchase, rows), page=common.page(token))

        return self.read(request, answer)

    def _counted(self, change: Callable[[Transaction], Kept]) -> Callable[[Transaction], Kept]:
        """What changes the file has its completeness counted again in the same transaction."""

        def changed(tx: Transaction) -> Kept:
            version, policy = self._policy()
            kept = change(tx)
            count_again(tx, kept.customer_id, policy, version)
            return kept

        return changed

    def _policy(self) -> tuple[int, CompletenessPolicy]:
        return self._policies.current("completeness")
