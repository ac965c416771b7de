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


class FeedNotConfigured(FailedPrecondition):
    en = "The address of feed {feed} is not set."
    zh = "数据源 {feed} 未配置地址。"


class FeedIsRunning(Conflict):
    en = "Feed {feed} is being run at the moment. Please try again shortly."
    zh = "数据源 {feed} 正在运行，请稍后再试。"


class FeedTakesNoFiles(FailedPrecondition):
    en = "Feed {feed} takes no files."
    zh = "数据源 {feed} 不接受文件导入。"
