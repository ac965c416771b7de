"""ApiKeyService: decode, call, encode."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID

import grpc

from chassis.kernel.ids import new_id
from chassis.rpc.paging import Page
from chassis.rpc.servicer import Servicer
from chassis.unit_of_work import Transaction
from closeloop.integration.v1 import api_key_service_pb2 as pb
from closeloop.integration.v1 import api_key_service_pb2_grpc as pb_grpc
from integration.api_keys import store
from integration.api_keys.check_key import check_key
from integration.api_keys.create_key import create_key
from integration.api_keys.revoke_key import revoke_key
from integration.mapping import api_keys as mapping
from integration.mapping.common import page_info

Context = grpc.ServicerContext


class ApiKeyService(Servicer, pb_grpc.ApiKeyServiceServicer):
    def CreateApiKey(self, request: pb.CreateApiKeyRequest, context: Context) -> pb.CreateApiKeyResponse:
        """The secret is put in after the answer was remembered, so that no row ever holds it."""
        key_id = new_id()
        secret = f"ck_{UUID(key_id).hex}_{secrets.token_urlsafe(32)}"
        new = mapping.new_key(request, sha256(secret.encode()).digest())

        def decide(tx: Transaction) -> pb.CreateApiKeyResponse:
            return pb.CreateApiKeyResponse(key=mapping.key(create_key(tx, key_id, new, datetime.now(UTC))))

        answer = self.change(request, decide)
        return pb.CreateApiKeyResponse(key=answer.key, secret=secret if answer.key.key_id == key_id else "")

    def ListApiKeys(self, request: pb.ListApiKeysRequest, context: Context) -> pb.ListApiKeysResponse:
        page = Page.of(request.page)

        def query(tx: Transaction) -> pb.ListApiKeysResponse:
            rows, token = page.cut(store.newest(tx, page), lambda row: {"id": row.id})
            return pb.ListApiKeysResponse(keys=[mapping.key(row) for row in rows], page=page_info(token))

        return self.read(request, query)

    def RevokeApiKey(self, request: pb.RevokeApiKeyRequest, context: Context) -> pb.RevokeApiKeyResponse:
        return self.change(
            request, lambda tx: pb.RevokeApiKeyResponse(key=mapping.key(revoke_key(tx, request.key_id, request.reason)))
        )

    def CheckApiKey(self, request: pb.CheckApiKeyRequest, context: Context) -> pb.CheckApiKeyResponse:
        def query(tx: Transaction) -> pb.CheckApiKeyResponse:
            row = check_key(tx, request.key_id, request.digest, datetime.now(UTC))
            return pb.CheckApiKeyResponse(key=mapping.key(row))

        return self.read(request, query)
