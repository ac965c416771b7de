"""Why a source can't be read, by class (N1.2), and what is refused to callers."""

from __future__ import annotations

from chassis.errors import Conflict, FailedPrecondition, NotFound


class SourceFailed(Exception):
    """A run ends here. `error_class` is one of `rules.FAILURES`; the text is for operators, without secrets."""

    def __init__(self, error_class: str, text: str) -> None:
        super().__init__(text)
        self.error_class = error_class

    @property
    def passes(self) -> bool:
        """True when the same request may well succeed a moment later."""
        return self.error_class in {"timeout", "connect", "http_5xx"}


class LeaseLost(SourceFailed):
    def __init__(self) -> None:
        super().__init__("internal", "another worker took the feed over")


class UnknownFeed(NotFound):
    en = "There is no feed {feed}."
    zh = "数据源 {feed} 不存在。"


class UnknownQuarantined(NotFound):
    en = "There is no record {quarantine_id} in quarantine."
    zh = "隔离区没有记录 {quarantine_id}。"


class NothingToDismiss(FailedPrecondition):
    en = "Record {quarantine_id} no longer waits ({state}): there is nothing to dismiss."
    zh = "记录 {quarantine_id} 已不在等待（{state}），无需放弃。"


class NothingToRestore(FailedPrecondition):
    en = "Record {quarantine_id} is not dismissed ({state}): there is nothing to restore."
    zh = "记录 {quarantine_id} 未被放弃（{state}），无需恢复。"


class DismissalNeedsAnother(FailedPrecondition):
    en = (
        "Record {quarantine_id} of a bank may hide money. {asked_by} asked to dismiss it; another person with the duty "
        "{duty} has to agree. Money that the bank has and we lack is entered as a back-entry."
    )
    zh = (
        "银行记录 {quarantine_id} 可能涉及款项。{asked_by} 已申请放弃，须由另一位具有 {duty} 职责的人员确认。"
        "银行已有而系统缺少的款项请通过补录录入。"
    )


class FeedNotConfigured(FailedPrecondition):
    en = "The address of feed {feed} is not set."
    zh = "数据源 {feed} 未配置地址。"


class FeedIsRunning(Conflict):
    en = "Feed {feed} is being run at the moment. Please try again shortly."
    zh = "数据源 {feed} 正在运行，请稍后再试。"


class FeedTakesNoFiles(FailedPrecondition):
    en = "Feed {feed} takes no files."
    zh = "数据源 {feed} 不接受文件导入。"
