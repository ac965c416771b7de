"""Tender lists of public sites: RSS, JSON and HTML pages, one tender per project whoever tells of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape

import pytest
from pydantic import SecretStr

from chassis.config import ConfigError, load
from chassis.errors import NotFound
from chassis.testing.identity import as_rep
from chassis.testing.rpc import Rpc
from closeloop.common.v1.page_pb2 import PageRequest
from closeloop.integration.v1 import tender_service_pb2 as pb
from closeloop.integration.v1 import tender_service_pb2_grpc as pb_grpc
from integration.connectors import tender_html, tender_json, tender_rss
from integration.connectors._tenders import TenderFeed, TenderSettings
from integration.feeds.policy import FeedRule
from integration.feeds.replay_quarantine import replay_quarantine
from integration.jobs import App
from integration.tables import quarantine, tender, tender_notice
from integration.tenders.policy import HtmlList, JsonList, RssList, TendersPolicy
from services.integration.tests.conftest import QUICK, World

MARCH = "Tue, 10 Mar 2026 09:00:00 +0800"
BODY = "项目编号：ZJ-2026-001<br>采购人：杭州第一医院<br>预算金额：120万元<br>行政区域：浙江省杭州市"
CCGP = HtmlList(
    item="ul.list > li", title="a", link="a", published="span.date", buyer="em", next="a.next", most_pages=3,
    default_region="浙江省",
)  # fmt: skip
POLICY = TendersPolicy(
    html={"ccgp": CCGP},
    json_lists={"qlm": JsonList(items="data.list", cursor="data.next", title="bt")},
    rss={"zj": RssList(labels={"budget": ("控制价",)})},
)


def item(number: str, title: str = "影像系统采购公告", body: str = BODY, at: str = MARCH) -> str:
    return (
        f"<item><guid>{number}</guid><title>{escape(title)}</title><link>https://zj.example/{number}</link>"
        f"<pubDate>{at}</pubDate><description>{escape(body)}</description></item>"
    )


def rss(*items: str, head: str = '<?xml version="1.0" encoding="UTF-8"?>') -> bytes:
    return f'{head}<rss version="2.0"><channel><title>公告</title>{"".join(items)}</channel></rss>'.encode()


def site(world: World, form: str, name: str, path: str = "/list") -> TenderFeed:
    """A site whose list the bank's server plays."""
    settings = TenderSettings(tender_keys={name: SecretStr(f"{name}-key")})
    makers: dict[str, Any] = {
        "rss": tender_rss.TenderRss, "html": tender_html.TenderHtml, "json": tender_json.TenderJson,
    }  # fmt: skip
    feed: TenderFeed = makers[form](name, world.bank.url + path, settings, lambda _: POLICY)
    feed.rule = FeedRule(**(feed.rule.model_dump() | QUICK | {"requests_per_minute": 1000}))
    world.connectors[feed.feed] = feed
    return feed


def tell(world: World, *items: str) -> Any:
    site(world, "rss", "zj")
    world.bank.routes["/list"] = lambda _: rss(*items)
    return world.run("tender_rss_zj")


def page(rows: Sequence[tuple[str, str, str]], following: str = "") -> bytes:
    """Address, title, day."""
    listed = "".join(
        f'<li><a href="{href}" title="{title}">{title}</a><em>杭州第一医院</em><span class="date">{day}</span>'
        f"<p>项目编号：ZJ-2026-{href[-3:]} 预算金额：120万元</p></li>"
        for href, title, day in rows
    )
    more = f'<a class="next" href="{following}">下一页</a>' if following else ""
    text = f'<html><head><meta charset="gb18030"></head><body><ul class="list">{listed}</ul>{more}</body></html>'
    return text.encode("gb18030")


@pytest.mark.spec("N1.1")
def test_a_tender_is_read_from_rss_and_told_on(world: World, rpc: Rpc) -> None:
    assert tell(world, item("1")).records_new == 1
    [event] = world.events("integration.tender_published")
    told = event.message
    assert (told.version, told.state, told.project_number, told.buyer) == (1, "open", "ZJ-2026-001", "杭州第一医院")
    assert (told.budget.fen, told.region, list(told.sites)) == (120_000_000, "浙江省杭州市", ["zj"])
    stub = pb_grpc.TenderServiceStub(rpc(world.service, as_=as_rep()))
    [found] = stub.ListTenders(pb.ListTendersRequest(text="影像", region="杭州", state="open")).tenders
    whole = stub.GetTender(pb.GetTenderRequest(tender_id=found.tender_id)).tender
    assert [(each.site, each.number, each.kind) for each in whole.notices] == [("zj", "1", "call")]
    assert stub.ListTenders(pb.ListTendersRequest(state="awarded")).tenders == []
    with pytest.raises(NotFound):
        stub.GetTender(pb.GetTenderRequest(tender_id="00000000-0000-7000-8000-000000000000"))
    assert world.bank.keys == {"zj-key"}


@pytest.mark.spec("N1.1")
def test_tenders_are_listed_page_by_page_newest_first(world: World, rpc: Rpc) -> None:
    told = [(1, "09:00"), (2, "09:00"), (3, "09:30")]
    tell(
        world,
        *(item(f"{n}", body=f"项目编号：ZJ-2026-00{n}", at=f"Tue, 10 Mar 2026 {at}:00 +0800") for n, at in told),
    )
    stub = pb_grpc.TenderServiceStub(rpc(world.service, as_=as_rep()))
    found: list[str] = []
    page = PageRequest(size=1)
    for _ in told:
        answer = stub.ListTenders(pb.ListTendersRequest(page=page))
        found += [each.project_number for each in answer.tenders]
        page = PageRequest(size=1, token=answer.page.next_token)
    assert (found[0], sorted(found), page.token) == ("ZJ-2026-003", ["ZJ-2026-001", "ZJ-2026-002", "ZJ-2026-003"], "")


@pytest.mark.spec("N1.3")
def test_corrections_and_the_end_change_the_tender_and_repetitions_do_not(world: World) -> None:
    call = item("1")
    tell(world, call)
    correction = item(
        "2", "影像系统采购更正公告", "项目编号：ZJ-2026-001<br>预算金额：90万元", "Wed, 11 Mar 2026 09:00:00 +0800"
    )
    end = item("3", "影像系统采购废标公告", "项目编号：ZJ-2026-001", "Thu, 12 Mar 2026 00:00:00 +0800")
    world.clock.set(datetime(2026, 3, 13, 2, tzinfo=UTC))
    run = tell(world, correction, call)
    assert (run.records_new, run.duplicates) == (1, 1)
    assert tell(world, end, correction, call).records_new == 1
    assert tell(world, end, correction, call).duplicates == 3
    told = [(each.message.version, each.message.state) for each in world.events("integration.tender_published")]
    assert told == [(1, "open"), (2, "open"), (3, "cancelled")]
    assert [row.budget_fen for row in world.rows(tender)] == [90_000_000]


@pytest.mark.spec("N1.3")
def test_a_notice_that_says_nothing_new_about_its_tender_is_kept_and_not_told(world: World) -> None:
    tell(world, item("1"))
    assert tell(world, item("2", at="Tue, 10 Mar 2026 09:30:00 +0800"), item("1")).records_new == 1
    assert len(world.events("integration.tender_published")) == 1
    assert len(world.rows(tender_notice)) == 2


@pytest.mark.spec("N1.1", "N1.3")
def test_two_sites_tell_of_one_tender(world: World) -> None:
    tell(world, item("1"))
    site(world, "html", "ccgp", "/html")
    world.bank.routes["/html"] = lambda _: page([("/n/001", "影像系统采购公告", "2026-03-10")])
    assert world.run("tender_html_ccgp").records_new == 1
    [row] = world.rows(tender)
    assert {(each.site, each.tender_id) for each in world.rows(tender_notice)} == {
        ("ccgp", row.tender_id), ("zj", row.tender_id),
    }  # fmt: skip


@pytest.mark.spec("N1.1")
def test_html_pages_are_read_back_to_what_was_seen(world: World) -> None:
    site(world, "html", "ccgp", "/html")
    pages = {
        "1": page([("/n/004", "丁公告", "2026-03-10"), ("/n/003", "丙公告", "2026-03-10")], "/html?p=2"),
        "2": page([("/n/002", "乙公告", "2026-03-09"), ("/n/001", "甲公告", "2026-03-08")], "/html?p=3"),
        "3": page([("javascript:alert(1)", "坏公告", "2026-03-08")]),
    }
    world.bank.routes["/html"] = lambda query: pages[query.get("p", "1")]
    first = world.run("tender_html_ccgp")
    assert (first.outcome, first.records_new, first.rejected) == ("ok", 4, 1)
    assert world.rows(quarantine)[0].field in {"number", "url"}
    told = {row.title: (row.buyer, row.region, row.budget_fen) for row in world.rows(tender)}
    assert told["甲公告"] == ("杭州第一医院", "浙江省", 120_000_000)
    world.bank.asked.clear()
    pages["1"] = page([("/n/005", "戊公告", "2026-03-10"), ("/n/004", "丁公告", "2026-03-10")], "/html?p=2")
    second = world.run("tender_html_ccgp")
    assert (second.records_new, second.duplicates, world.bank.asked) == (1, 1, ["/html"])


@pytest.mark.spec("N2.2")
def test_a_list_that_moved_on_past_what_was_seen_is_a_hole(world: World) -> None:
    tell(world, item("1"))
    assert tell(world, item("2", body="", at=MARCH)).outcome == "ok"
    assert "no longer shows" in world.feed("tender_rss_zj").holes[0]["en"]
    tell(world, item("3", body=""), item("2", body=""))
    assert world.feed("tender_rss_zj").holes == []


@pytest.mark.spec("N1.2")
def test_a_list_that_has_not_changed_is_not_sent_again(world: World) -> None:
    world.bank.etags["/list"] = '"7"'
    tell(world, item("1"))
    again = tell(world, item("1"), item("2"))
    assert (again.outcome, again.records_in, world.feed("tender_rss_zj").health) == ("ok", 0, "healthy")
    world.bank.etags["/list"] = '"8"'
    assert tell(world, item("1"), item("2")).records_new == 1


@pytest.mark.spec("N1.1")
def test_json_goes_on_behind_its_cursor(world: World) -> None:
    site(world, "json", "qlm", "")
    told = [
        {"id": number, "bt": "采购公告", "url": f"https://qlm.example/{number}", "publishedAt": "2026-03-09",
         "projectNumber": f"ZB-2026-{number:03}", "budget": "35万元", "buyer": "杭州中学"}
        for number in range(1, 151)
    ]  # fmt: skip

    def answer(query: dict[str, str]) -> dict[str, Any]:
        after = int(query.get("after", 0))
        rows = told[after : after + int(query["limit"])]
        return {"data": {"list": rows, "next": str(after + len(rows))}}

    world.bank.routes["/notices"] = answer
    assert world.run("tender_json_qlm").records_new == 150
    assert world.feed("tender_json_qlm").checkpoint == "150"
    told.append(told[0] | {"id": 151, "projectNumber": "ZB-2026-151"})
    assert world.run("tender_json_qlm").records_in == 1
    assert len(world.rows(tender)) == 151


def listed(*numbers: int) -> list[dict[str, Any]]:
    return [
        {"id": each, "bt": "采购公告", "url": f"https://qlm.example/{each}", "publishedAt": "2026-03-09",
         "projectNumber": f"ZB-2026-{each:03}"}
        for each in numbers
    ]  # fmt: skip


@pytest.mark.spec("N1.1")
def test_the_last_page_of_json_may_be_full_and_need_name_no_cursor(world: World) -> None:
    site(world, "json", "qlm", "")
    pages: dict[str, dict[str, Any]] = {
        "": {"list": listed(*range(1, 101)), "next": "p2"},
        "p2": {"list": listed(*range(101, 201)), "next": None},
    }
    world.bank.routes["/notices"] = lambda query: {"data": pages[query.get("after", "")]}
    first = world.run("tender_json_qlm")
    assert (first.outcome, first.records_new, world.feed("tender_json_qlm").checkpoint) == ("ok", 200, "p2")
    pages["p2"]["next"] = "p3"
    pages["p3"] = {"list": listed(201)}
    assert world.run("tender_json_qlm").records_new == 1
    assert len(world.rows(tender)) == 201


@pytest.mark.spec("N1.1")
def test_a_short_list_of_json_needs_no_cursor(world: World) -> None:
    site(world, "json", "qlm", "")
    world.bank.routes["/notices"] = lambda _: {"data": {"list": listed(1, 2)}}
    assert world.run("tender_json_qlm").records_new == 2
    again = world.run("tender_json_qlm")
    assert (again.outcome, again.duplicates) == ("ok", 2)


@pytest.mark.spec("N1.2")
@pytest.mark.parametrize("following", [{"": "a", "a": "a"}, {"": "a", "a": "b", "b": "a"}], ids=["stuck", "circle"])
def test_a_cursor_of_json_that_leads_back_fails_the_run(world: World, following: dict[str, str]) -> None:
    site(world, "json", "qlm", "")
    world.bank.routes["/notices"] = lambda query: {
        "data": {"list": listed(*range(100)), "next": following[query.get("after", "")]}
    }
    run = world.run("tender_json_qlm")
    assert (run.outcome, run.error_class, run.error) == ("failed", "schema", "the cursor does not move")


BOMB = '<!DOCTYPE b [<!ENTITY a "aaaa"><!ENTITY c "&a;&a;&a;">]>'


@pytest.mark.spec("N1.2")
@pytest.mark.parametrize(
    ("content", "error_class"),
    [
        (rss(item("1"), head=BOMB), "parse"),
        (rss(item("1"), head='<!DOCTYPE b [<!ENTITY x SYSTEM "file:///etc/passwd">]>'), "parse"),
        (rss(item("1"))[:-80], "parse"),
        (rss(item("1")).decode().encode("utf-16"), "parse"),
        (rss(item("1"), head='<?xml version="1.0" encoding="cp037"?>'), "parse"),
        (b"<html><body>login</body></html>", "schema"),
        (b"<rss>" + b" " * (6 << 20), "too_large"),
        (rss(item("1", body="")).replace(b"<item>", b"<item " + b'a="x" ' * 2000 + b">"), "parse"),
        (rss("<item>" * 20_000), "parse"),
        (rss(*["<item/>" * 2001]), "too_large"),
    ],
)
def test_a_hostile_or_broken_list_is_refused_whole(world: World, content: bytes, error_class: str) -> None:
    site(world, "rss", "zj")
    world.bank.routes["/list"] = lambda _: content
    run = world.run("tender_rss_zj")
    assert (run.outcome, run.error_class) == ("failed", error_class)
    assert world.rows(tender) == []


@pytest.mark.spec("N1.2")
def test_json_that_is_nested_without_end_is_refused(world: World) -> None:
    site(world, "json", "qlm", "")
    world.bank.routes["/notices"] = lambda _: b"[" * 200_000
    run = world.run("tender_json_qlm")
    assert (run.outcome, run.error_class) == ("failed", "parse")


@pytest.mark.spec("N1.2")
@pytest.mark.parametrize(
    ("content", "error_class"),
    [
        (b"<html><body><ul class='neu'></ul></body></html>", "schema"),
        (b"", "parse"),
        (b"<ul class=list>" + b"<li><a href=/n/1>x</a></li>" * 600 + b"</ul>", "too_large"),
        (b"<ul class=list><li " + b"a=x " * 40_000 + b">", "parse"),
    ],
)
def test_a_page_that_is_not_the_list_fails_the_run(world: World, content: bytes, error_class: str) -> None:
    site(world, "html", "ccgp", "/html")
    world.bank.routes["/html"] = lambda _: content
    run = world.run("tender_html_ccgp")
    assert (run.outcome, run.error_class) == ("failed", error_class)


def test_scripts_of_a_notice_are_no_text(world: World) -> None:
    tell(world, item("1", "<b>影像</b>采购公告<script>x()</script>", "<script>采购人：坏人</script>采购人：好人"))
    [row] = world.rows(tender)
    assert (row.title, row.buyer) == ("影像采购公告", "好人")


@pytest.mark.spec("N1.2")
def test_a_notice_that_can_t_be_read_waits_until_a_good_one_comes(world: World) -> None:
    future = item("2", at="Tue, 10 Mar 2027 09:00:00 +0800")
    run = tell(world, item("1"), future, item("3", at="neulich"), item("4", title=""))
    assert (run.records_new, run.rejected) == (1, 3)
    assert {row.field for row in world.rows(quarantine)} == {"published", "title"}
    tell(world, item("1"), item("2"), item("3"), item("4"))
    assert {row.state for row in world.rows(quarantine)} == {"superseded"}


@pytest.mark.spec("N1.2")
def test_a_notice_is_replayed_from_quarantine(world: World) -> None:
    tell(world, item("1"), item("2", at="Sat, 14 Mar 2026 09:00:00 +0800"))
    world.clock.set(datetime(2026, 3, 14, 2, tzinfo=UTC))
    app: App = world.service.app
    with app.uow.begin(world.service.runtime.identity) as tx:
        done = replay_quarantine(tx, world.connectors["tender_rss_zj"])
        tx.commit()
    assert (done.replayed, done.still_rejected) == (1, 0)
    assert len(world.rows(tender_notice)) == 2


def test_sites_are_named_in_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOSELOOP_TENDER_RSS_SITES", "zj=https://zj.example/rss.xml, sh=https://sh.example/rss")
    feeds = tender_rss.connectors(lambda _: POLICY)
    assert [(each.feed, each.access.url) for each in feeds] == [
        ("tender_rss_zj", "https://zj.example/rss.xml"), ("tender_rss_sh", "https://sh.example/rss"),
    ]  # fmt: skip
    monkeypatch.setenv("CLOSELOOP_TENDER_RSS_SITES", "https://zj.example/rss.xml")
    with pytest.raises(ConfigError, match="name=value"):
        load(TenderSettings)


def test_a_selector_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="no CSS selector"):
        HtmlList(item="ul > > li")
    again = TendersPolicy.model_validate_json(TendersPolicy().model_dump_json())
    assert again.html["example"].item == "ul.list > li"
