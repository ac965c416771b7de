"""FeedFileService: decode, call, encode."""

from __future__ import annotations

from collections.abc import Mapping

import grpc

from chassis.files import FileStore
from chassis.rpc.servicer import Servicer
from chassis.unit_of_work import Transaction, UnitOfWork
from closeloop.integration.v1 import feed_file_service_pb2 as pb
from closeloop.integration.v1 import feed_file_service_pb2_grpc as pb_grpc
from integration.feeds import store
from integration.feeds.connector import Connector
from integration.feeds.queue_feed_file import check_file, queue_feed_file
from integration.mapping import feeds as mapping

Context = grpc.ServicerContext


class FeedFileService(Servicer, pb_grpc.FeedFileServiceServicer):
    def __init__(self, uow: UnitOfWork, connectors: Mapping[str, Connector], files: FileStore) -> None:
        super().__init__(uow)
        self._connectors = connectors
        self._files = files

    def ImportFeedFile(self, request: pb.ImportFeedFileRequest, context: Context) -> pb.ImportFeedFileResponse:
        check_file(self._files, request.file_id)

        def decide(tx: Transaction) -> pb.ImportFeedFileResponse:
            run_id = queue_feed_file(tx, self._connectors, request.feed, request.file_id)
            return pb.ImportFeedFileResponse(run=mapping.run(store.run(tx, run_id)))

        return self.change(request, decide)
