"""docs/errors.md: every refusal a caller may meet, read from the classes themselves (P1.5)."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

from chassis.errors import CloseloopError, _upper_snake
from gateway.errors import TABLE

PACKAGES = ("chassis", "leads", "activity", "targets", "incentives", "forecast", "integration", "gateway")
# Modules that start something when imported, or that are for tests only.
SKIPPED = ("__main__", "testing")
HEAD = """# Errors

Every answer that is not a success is a problem document (RFC 9457), `application/problem+json`: `type`, `title`,
`status`, `detail` in the language asked for (`Accept-Language`, zh-CN or en), `code` and `reason` from the tables
below, and where there are any, `violations` by field, what is `missing` and which commands are `allowed`. Written by
`make docs` from the table and the classes in the code.

## By HTTP status

`code` is the gRPC status, or the gateway's own word. A reason in the third column has a row of its own.
"""


def render() -> str:
    import_all()
    named = sorted(named_conditions(), key=lambda e: (e.__module__.split(".")[0], e.code, e.__name__))
    contexts = sorted({error.__module__.split(".")[0] for error in named}, key=PACKAGES.index)
    parts = [HEAD, *_table(("status", "code", "reason", "title", "标题", "when", "Retry-After"), _statuses())]
    for context in contexts:
        rows = [_row(error) for error in named if error.__module__.split(".")[0] == context]
        parts += ["", f"## {context}", "", *_table(("reason", "code", "English", "中文"), rows)]
    return "\n".join(parts) + "\n"


def named_conditions() -> Iterator[type[CloseloopError]]:
    """Every refusal but the kinds themselves, which chassis.errors holds."""
    for error in _heirs(CloseloopError):
        if error not in CloseloopError.__subclasses__() or error.__module__ != "chassis.errors":
            yield error


def codes_without_status() -> set[str]:
    """Codes of the family that the gateway's table has no row for."""
    import_all()
    return {error.code for error in _heirs(CloseloopError)} - {row.code for row in TABLE}


def import_all() -> None:
    for package in PACKAGES:
        root = importlib.import_module(package)
        for module in pkgutil.walk_packages(root.__path__, prefix=f"{package}."):
            if not any(part in SKIPPED for part in module.name.split(".")):
                importlib.import_module(module.name)


def _heirs(kind: type[CloseloopError]) -> Iterator[type[CloseloopError]]:
    for heir in kind.__subclasses__():
        if heir.__module__.split(".")[0] in PACKAGES:
            yield heir
        yield from _heirs(heir)


def _row(error: type[CloseloopError]) -> tuple[str, ...]:
    return _upper_snake(error.__name__), error.code, error.en, error.zh


def _statuses() -> list[tuple[str, ...]]:
    rows = sorted(TABLE, key=lambda row: (row.status, row.code, row.reason))
    return [(str(r.status), r.code, r.reason, r.en, r.zh, r.when, "yes" if r.retry else "") for r in rows]


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    lines = [head, tuple("---" for _ in head), *rows]
    return ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines]
