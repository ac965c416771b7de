"""FeedService: decode, call, encode."""

from __future__ import annotations

from collections.abc import Mapping

import grpc

from chassis.files import FileStore
from chassis.idempotency import RequestIdReused
from chassis.rpc.context import current
from chassis.rpc.paging import Page
from chassis.rpc.servicer import RequestIdMissing, Servicer
from chassis.unit_of_work import Transaction, UnitOfWork
from closeloop.integration.v1 import feed_service_pb2 as pb
from closeloop.integration.v1 import feed_service_pb2_grpc as pb_grpc
from integration.feeds import store
from integration.feeds.alerts import store as alerts
from integration.feeds.alerts.acknowledge_alert import acknowledge_alert
from integration.feeds.connector import Connector, RuleOf, TakesFiles
from integration.feeds.dismiss_quarantined import Feeds, dismiss_quarantined, restore_quarantined
from integration.feeds.errors import UnknownFeed
from integration.feeds.import_file import import_file
from integration.feeds.import_large_file import queue_file, small_file
from integration.feeds.read_feeds import get_feed, list_feeds, list_quarantine, list_runs
from integration.feeds.replay_quarantine import follow_replay, replay_quarantine
from integration.feeds.rules import BANK
from integration.feeds.run_feed import FeedRunner
from integration.mapping import feeds as mapping
from integration.mapping.common import page_info

Context = grpc.ServicerContext
# Of a caller's time, so that the answer still reaches it.
FOR_THE_ANSWER = 1.0


class FeedService(Servicer, pb_grpc.FeedServiceServicer):
    def __init__(
        self,
        uow: UnitOfWork,
        connectors: Mapping[str, Connector],
        rule_of: RuleOf,
        runner: FeedRunner,
        files: FileStore,
    ) -> None:
        super().__init__(uow)
        self._connectors = connectors
        self._rule_of = rule_of
        self._runner = runner
        self._files = files

    def ListFeeds(self, request: pb.ListFeedsRequest, context: Context) -> pb.ListFeedsResponse:
        def query(tx: Transaction) -> pb.ListFeedsResponse:
            views = list_feeds(tx, self._connectors, self._rule_of)
            return pb.ListFeedsResponse(feeds=[mapping.feed(each) for each in views])

        return self.read(request, query)

    def GetFeed(self, request: pb.GetFeedRequest, context: Context) -> pb.GetFeedResponse:
        def query(tx: Transaction) -> pb.GetFeedResponse:
            view = get_feed(tx, request.feed, self._connectors, self._rule_of)
            return pb.GetFeedResponse(feed=mapping.feed(view))

        return self.read(request, query)

    def ListFeedRuns(self, request: pb.ListFeedRunsRequest, context: Context) -> pb.ListFeedRunsResponse:
        page = Page.of(request.page)

        def query(tx: Transaction) -> pb.ListFeedRunsResponse:
            rows, token = list_runs(tx, self._connector(request.feed).feed, page)
            return pb.ListFeedRunsResponse(runs=[mapping.run(row) for row in rows], page=page_info(token))

        return self.read(request, query)

    def RunFeed(self, request: pb.RunFeedRequest, context: Context) -> pb.RunFeedResponse:
        """Its own transactions: the source is asked between them. The run keeps the request id."""
        call = current()
        if not request.request_id:
            raise RequestIdMissing
        key = f"{call.identity.subject}:{request.request_id}"
        patience = max(call.remaining - FOR_THE_ANSWER, 0)
        run_id = self._runner.run(request.feed, request_key=key, patience=patience)

        def query(tx: Transaction) -> pb.RunFeedResponse:
            row = store.run(tx, run_id)
            if row.feed != request.feed:
                raise RequestIdReused
            return pb.RunFeedResponse(run=mapping.run(row))

        return self.read(request, query)

    def ListQuarantine(self, request: pb.ListQuarantineRequest, context: Context) -> pb.ListQuarantineResponse:
        page = Page.of(request.page)

        def query(tx: Transaction) -> pb.ListQuarantineResponse:
            rows, token = list_quarantine(tx, page, feed=request.feed, state=request.state)
            return pb.ListQuarantineResponse(
                quarantined=[mapping.quarantined(row) for row in rows], page=page_info(token)
            )

        return self.read(request, query)

    def ReplayQuarantine(self, request: pb.ReplayQuarantineRequest, context: Context) -> pb.ReplayQuarantineResponse:
        """A call that broke off between its two transactions is made whole by being repeated, or by the next run."""
        connector = self._connector(request.feed)

        def decide(tx: Transaction) -> pb.ReplayQuarantineResponse:
            done = replay_quarantine(tx, connector)
            return pb.ReplayQuarantineResponse(
                replayed=done.replayed, still_rejected=done.still_rejected, to_hand_in=done.to_hand_in
            )

        answer = self.change(request, decide)
        with self._uow.begin(current().identity, source=current().method.name) as tx:
            follow_replay(tx, connector, self._rule_of)
            tx.commit()
        return answer

    def DismissQuarantined(
        self, request: pb.DismissQuarantinedRequest, context: Context
    ) -> pb.DismissQuarantinedResponse:
        feeds = Feeds(self._connectors, self._rule_of)

        def decide(tx: Transaction) -> pb.DismissQuarantinedResponse:
            rows = dismiss_quarantined(tx, list(request.quarantine_ids), request.reason, feeds)
            return pb.DismissQuarantinedResponse(quarantined=[mapping.quarantined(row) for row in rows])

        return self.change(request, decide)

    def RestoreQuarantined(
        self, request: pb.RestoreQuarantinedRequest, context: Context
    ) -> pb.RestoreQuarantinedResponse:
        feeds = Feeds(self._connectors, self._rule_of)

        def decide(tx: Transaction) -> pb.RestoreQuarantinedResponse:
            rows = restore_quarantined(tx, list(request.quarantine_ids), request.reason, feeds)
            return pb.RestoreQuarantinedResponse(quarantined=[mapping.quarantined(row) for row in rows])

        return self.change(request, decide)

    def ListFeedAlerts(self, request: pb.ListFeedAlertsRequest, context: Context) -> pb.ListFeedAlertsResponse:
        page = Page.of(request.page)

        def query(tx: Transaction) -> pb.ListFeedAlertsResponse:
            found = alerts.alerts(tx, page, feed=request.feed, open_only=request.open_only)
            rows, token = page.cut(found, lambda row: {"id": row.id})
            return pb.ListFeedAlertsResponse(alerts=[mapping.alert(row) for row in rows], page=page_info(token))

        return self.read(request, query)

    def AcknowledgeFeedAlert(
        self, request: pb.AcknowledgeFeedAlertRequest, context: Context
    ) -> pb.AcknowledgeFeedAlertResponse:
        def decide(tx: Transaction) -> pb.AcknowledgeFeedAlertResponse:
            row = acknowledge_alert(tx, request.alert_id, request.note)
            return pb.AcknowledgeFeedAlertResponse(alert=mapping.alert(row))

        return self.change(request, decide)

    def ImportStatement(self, request: pb.ImportStatementRequest, context: Context) -> pb.ImportStatementResponse:
        """A large file is kept by a job: its run is running until then."""
        connector = self._connector(BANK)
        small = small_file(self._files, request.file_id)

        def decide(tx: Transaction) -> pb.ImportStatementResponse:
            if small is None or not isinstance(connector, TakesFiles):
                run_id = queue_file(tx, connector, request.file_id)
            else:
                place = f"file {request.file_id[:12]}"
                pages = connector.pages_of(small, place, request.file_id, tx.now)
                run_id = import_file(tx, connector, self._rule_of, pages, place)
            return pb.ImportStatementResponse(run=mapping.run(store.run(tx, run_id)))

        return self.change(request, decide)

    def _connector(self, feed: str) -> Connector:
        """Raises UnknownFeed."""
        connector = self._connectors.get(feed)
        if connector is None:
            raise UnknownFeed(feed=feed)
        return connector
