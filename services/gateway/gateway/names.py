"""One case in REST: camelCase."""

from __future__ import annotations

import re


def camel(name: str) -> str:
    """page_size → pageSize, by the rule protobuf derives JSON names with."""
    return re.sub(r"_([a-z0-9])", lambda found: found[1].upper(), name)


def rest_path(field: str) -> str:
    """A field's path as REST writes it. Keys of maps and indices, in brackets, stay as they are."""
    parts = re.split(r"(\[[^\]]*\])", field)
    return "".join(part if part.startswith("[") else camel(part) for part in parts)
