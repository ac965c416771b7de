"""Sparse fields: `?fields=leads.leadId,leads.grade,page`."""

from __future__ import annotations

from typing import Any, NoReturn

from google.protobuf.descriptor import Descriptor

from chassis.errors import InvalidInput, Violation
from gateway.shapes import by_json_name, holder, is_map, is_own_message

MOST = 100
Wanted = dict[str, Any]


class Selection:
    """Which parts of an answer are wanted. An empty branch means all below it."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted

    @classmethod
    def of_text(cls, answer: Descriptor, text: str) -> Selection | None:
        """None when everything is wanted. Raises InvalidInput for a path the answer doesn't have."""
        if not text:
            return None
        wanted: Wanted = {}
        paths = text.split(",")
        if len(paths) > MOST:
            _refuse(f"names more than {MOST} fields", f"超过 {MOST} 个字段")
        for path in paths:
            names = path.strip().split(".")
            if not _exists(answer, names):
                _refuse(f"names “{path.strip()[:80]}”, which the answer doesn't have", f"“{path.strip()[:80]}”不存在")
            _add(wanted, names)
        return cls(wanted)

    def of(self, content: Any) -> Any:
        return _pick(content, self._wanted)


def _add(wanted: Wanted, names: list[str]) -> None:
    """A shorter path takes in all the longer ones, whichever comes first."""
    for name in names[:-1]:
        if wanted.get(name) == {}:
            return
        wanted = wanted.setdefault(name, {})
    wanted[names[-1]] = {}


def _exists(message: Descriptor, names: list[str]) -> bool:
    field = by_json_name(message).get(names[0])
    if field is None or len(names) == 1:
        return field is not None
    if field.message_type is None or is_map(field) or not is_own_message(holder(field)):
        return False
    return _exists(holder(field), names[1:])


def _pick(content: Any, wanted: Wanted) -> Any:
    if not wanted:
        return content
    if isinstance(content, list):
        return [_pick(each, wanted) for each in content]
    return {name: _pick(content[name], below) for name, below in wanted.items() if name in content}


def _refuse(en: str, zh: str) -> NoReturn:
    raise InvalidInput.of(Violation("fields", en, zh, "UNKNOWN_FIELD"))
