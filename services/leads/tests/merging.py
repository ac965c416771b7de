"""Two records of one customer, and the doors that make them one and two again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chassis.identity import Identity
from chassis.kernel.ids import new_id
from chassis.testing.identity import as_hq
from closeloop.leads.v1 import customer_merge_service_pb2 as pb
from closeloop.leads.v1 import customer_service_pb2 as customer_pb
from closeloop.leads.v1.customer_merge_service_pb2_grpc import CustomerMergeServiceStub

from .company import UNIT, Company
from .test_duplicates import rows
from .test_from_outside import customer

NAME = "杭州第一医院"
PHONE, OTHER_PHONE = "+8613800000001", "+8613800000002"


def door(company: Company, as_: Identity | None = None) -> CustomerMergeServiceStub:
    return CustomerMergeServiceStub(company.rpc(company.service, as_=as_ or as_hq()))


def get(company: Company, customer_id: str) -> customer_pb.Customer:
    answer = company.customers().GetCustomer(customer_pb.GetCustomerRequest(customer_id=customer_id))
    return answer.customer


def asked(company: Company, kept: str, merged: str) -> pb.MergeCustomersRequest:
    versions = {str(each): str(version) for each, version in rows(company, "SELECT customer_id, version FROM customer")}
    return pb.MergeCustomersRequest(
        request_id=new_id(), customer_id=kept, merged_customer_id=merged, reason="同一家",
        etag=versions[kept], merged_etag=versions[merged],
    )  # fmt: skip


def merge(company: Company, kept: str, merged: str, as_: Identity | None = None) -> pb.MergeCustomersResponse:
    return door(company, as_).MergeCustomers(asked(company, kept, merged))


def part(company: Company, merge_id: str, as_: Identity | None = None) -> pb.UnmergeCustomerResponse:
    request = pb.UnmergeCustomerRequest(request_id=new_id(), merge_id=merge_id, reason="看错了")
    return door(company, as_).UnmergeCustomer(request)


def merges(company: Company, customer_id: str) -> list[pb.CustomerMergeRecord]:
    return list(door(company).ListCustomerMerges(pb.ListCustomerMergesRequest(customer_id=customer_id)).merges)


@dataclass(frozen=True)
class Pair:
    """By its number in the ERP, and by a lead that was converted."""

    kept: str
    other: str


def pair(company: Company, kept: dict[str, Any] | None = None, other: dict[str, Any] | None = None) -> Pair:
    company.hire("E1", "E2")
    one = {"customer_code": "C-1", "owner_id": "E1", "unit": UNIT} | (kept or {})
    two = {"owner_id": "E1", "unit": UNIT} | (other or {})
    return Pair(customer(company, NAME, **one), customer(company, f"{NAME}有限公司", **two))
