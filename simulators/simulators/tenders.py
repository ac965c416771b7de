"""A site of public tenders: the same notices as RSS, as HTML pages and as JSON."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from email.utils import format_datetime
from pathlib import Path
from xml.sax.saxutils import escape

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulators.application import Handler, Simulator, bad_request, whole_number
from simulators.faults import Mode, fault_of
from simulators.records import ChangeLog, Record

SHOWN = 20
# No site is ever empty; an empty list looks like a page that was redesigned.
FIRST = {
    "id": "N0",
    "title": "办公用品采购公告",
    "projectNumber": "ZJ-2026-000",
    "publishedAt": "2026-01-05T09:00:00+08:00",
}
BOMB = '<!DOCTYPE b [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>'
LABELS = {
    "projectNumber": "项目编号",
    "buyer": "采购人",
    "budget": "预算金额",
    "region": "行政区域",
    "deadlineAt": "投标截止时间",
}


def tenders(simulator: Simulator, data: Path) -> Starlette:
    log = ChangeLog(data / "tenders" / "notices.json", "id")
    if not len(log):
        log.append([FIRST])
    routes = [
        Route("/rss", simulator.guarded(listed(log, rss, "application/rss+xml"))),
        Route("/list", simulator.guarded(listed(log, html, "text/html"))),
        Route("/notices", simulator.guarded(as_json(log))),
        Route("/_sim/notices", adder(log, simulator), methods=["POST"]),
    ]
    return simulator.application(list(routes), lambda: {"notices": len(log.current())})


def listed(log: ChangeLog, write: Callable[[Request, list[Record], int], str], media_type: str) -> Handler:
    """The newest notices, `SHOWN` a page, with an ETag: who knows the page already gets 304."""

    async def read(request: Request) -> Response:
        page = whole_number(request.query_params.get("p"), 1)
        if not page:
            return bad_request("p is a whole number from 1")
        fault = fault_of(request)
        content = spoil(write(request, spoiled(newest_first(log), fault), page), fault).encode()
        etag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers={"etag": etag})
        return Response(content, media_type=f"{media_type}; charset=utf-8", headers={"etag": etag})

    return read


def newest_first(log: ChangeLog) -> list[Record]:
    return sorted(log.current(), key=lambda each: str(each["publishedAt"]), reverse=True)


def rss(request: Request, notices: list[Record], page: int) -> str:
    items = "".join(
        f"<item><guid isPermaLink='false'>{escape(str(each['id']))}</guid><title>{escape(each['title'])}</title>"
        f"<link>{escape(address(request, each))}</link>"
        f"<pubDate>{format_datetime(datetime.fromisoformat(each['publishedAt']))}</pubDate>"
        f"<description>{escape('<br>'.join(lines(each)))}</description></item>"
        for each in notices[:SHOWN]
    )
    channel = f"<channel><title>招标公告</title>{items}</channel>"
    return f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0">{channel}</rss>'


def html(request: Request, notices: list[Record], page: int) -> str:
    shown = notices[(page - 1) * SHOWN : page * SHOWN]
    items = "".join(
        f'<li><a href="{escape(address(request, each))}">{escape(each["title"])}</a>'
        f'<span class="date">{escape(each["publishedAt"])}</span><p>{escape("；".join(lines(each)))}</p></li>'
        for each in shown
    )
    more = f'<a class="next" href="/list?p={page + 1}">下一页</a>' if len(notices) > page * SHOWN else ""
    body = f'<body><ul class="list">{items}</ul>{more}</body>'
    return f'<!DOCTYPE html><html><head><meta charset="utf-8"></head>{body}</html>'


def as_json(log: ChangeLog) -> Handler:
    async def read(request: Request) -> Response:
        after = whole_number(request.query_params.get("after"), 0)
        limit = whole_number(request.query_params.get("limit"), 100)
        if after is None or not limit:
            return bad_request("after and limit are whole numbers")
        page = log.since(after)[:limit]
        notices = [{**each, "url": address(request, each)} for each in spoiled(page, fault_of(request))]
        return JSONResponse({"notices": notices, "cursor": str(after + len(page))})

    return read


def adder(log: ChangeLog, simulator: Simulator) -> Handler:
    async def add(request: Request) -> Response:
        """New notices, or changes of known ones: `id`, `title`, and what else they say."""
        known = {str(each["id"]): each for each in log.current()}
        stamp = simulator.clock.now().isoformat()
        told = [
            {"publishedAt": stamp, **known.get(str(part["id"]), {}), **part}
            for part in (await request.json())["notices"]
        ]
        log.append(told)
        return JSONResponse({"notices": told})

    return add


def address(request: Request, notice: Record) -> str:
    return f"{str(request.base_url).rstrip('/')}/notice/{notice['id']}"


def lines(notice: Record) -> list[str]:
    return [f"{label}：{notice[name]}" for name, label in LABELS.items() if notice.get(name)]


def spoiled(notices: list[Record], fault: Mode) -> list[Record]:
    if fault is Mode.HOLE:
        return notices[1:]
    if fault is Mode.DUPLICATE:
        return [each for each in notices for _ in range(2)]
    if fault is Mode.REORDER:
        return notices[::-1]
    if fault is Mode.LIE:
        return [{**each, "publishedAt": "2126-03-10T09:00:00+08:00"} for each in notices]
    if fault is Mode.SCHEMA:
        return [{("headline" if name == "title" else name): value for name, value in each.items()} | {"title": ""}
                for each in notices]  # fmt: skip
    return notices


def spoil(page: str, fault: Mode) -> str:
    if fault is Mode.CUT:
        return page[: len(page) * 2 // 3]
    if fault is Mode.SCHEMA:
        return page.replace('class="list"', 'class="grid"')
    if fault is Mode.HOSTILE:
        return page.replace("?>", f"?>{BOMB}", 1).replace("<ul", "<script>while(true){}</script><ul")
    return page
