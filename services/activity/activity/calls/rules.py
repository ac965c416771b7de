"""What a call's record and transcript tell (A5.1).

Faces and voices are not judged (that is refused in writing, see docs/threat-model.md); talk ratio, questions and words
stand in for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from activity.text_rules import choose_sentences, is_question, sentences
from chassis.errors import AlreadyExists, InvalidInput, NotFound

REP, CUSTOMER = "rep", "customer"


class CallNotFound(NotFound):
    en = "There is no such call."
    zh = "没有找到该通话记录。"


class CallIncomplete(InvalidInput):
    en = "The call record is not complete."
    zh = "通话记录不完整。"


class CallRecordedForAnother(AlreadyExists):
    """The telephone system's id belongs to a call of somebody else."""

    en = "The call {external_id} is recorded already, for another person."
    zh = "通话 {external_id} 已由他人登记。"


@dataclass(frozen=True)
class Utterance:
    """`offset_seconds` from the start of the call; speaker rep or customer."""

    speaker: str
    offset_seconds: int
    text: str


@dataclass(frozen=True)
class Keyword:
    topic: str
    word: str
    offset_seconds: int
    speaker: str


@dataclass(frozen=True)
class Analysis:
    """`talk_ratio` = share of characters that the rep spoke; None without a transcript."""

    keywords: tuple[Keyword, ...]
    talk_ratio: float | None
    rep_questions: int
    customer_questions: int
    digest: str


@dataclass(frozen=True)
class CallRecorded:
    call_id: str
    lead_id: str
    customer_id: str
    rep_id: str
    unit: str
    direction: str
    connected: bool
    duration_seconds: int
    started_at: datetime


def analyse(transcript: Sequence[Utterance], topics: Mapping[str, Sequence[str]], digest_characters: int) -> Analysis:
    said = sorted(transcript, key=lambda each: each.offset_seconds)
    spoken = {who: sum(len(each.text) for each in said if each.speaker == who) for who in (REP, CUSTOMER)}
    total = sum(spoken.values())
    words = [word for group in topics.values() for word in group]
    return Analysis(
        keywords=tuple(keywords(said, topics)),
        talk_ratio=round(spoken[REP] / total, 4) if total else None,
        rep_questions=_questions(said, REP),
        customer_questions=_questions(said, CUSTOMER),
        digest=choose_sentences([(each.speaker == CUSTOMER, each.text) for each in said], words, digest_characters),
    )


def keywords(transcript: Sequence[Utterance], topics: Mapping[str, Sequence[str]]) -> list[Keyword]:
    """Where each topic came up and by which word, in the order given; once per utterance and topic."""
    found = []
    for each in transcript:
        for topic, words in topics.items():
            said = next((word for word in words if word.casefold() in each.text.casefold()), None)
            if said is not None:
                found.append(Keyword(topic, said, each.offset_seconds, each.speaker))
    return found


def _questions(transcript: Sequence[Utterance], speaker: str) -> int:
    return sum(
        is_question(sentence) for each in transcript if each.speaker == speaker for sentence in sentences(each.text)
    )
