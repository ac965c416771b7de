"""docs/errors.md: every refusal a caller may meet, read from the classes themselves (P1.5)."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

from chassis.errors import CloseloopError, _upper_snake

PACKAGES = ("chassis", "leads", "activity", "targets", "incentives", "forecast", "integration", "gateway")
# Modules that start something when imported, or that are for tests only.
SKIPPED = ("__main__", "testing")
HEAD = """# Errors

Every answer that is not a success is a problem document (RFC 9457), `application/problem+json`: `type`, `title`,
`status`, `detail` in the language asked for (`Accept-Language`, zh-CN or en), `reason` from the tables below, and where
there are any, `violations` by field and what is `missing`. Written by `make docs` from the classes in the code.

## Kinds
"""


def render() -> str:
    import_all()
    named = sorted(named_conditions(), key=lambda e: (e.__module__.split(".")[0], e.code, e.__name__))
    contexts = sorted({error.__module__.split(".")[0] for error in named}, key=PACKAGES.index)
    parts = [HEAD, *_table(("kind", "gRPC status"), [(kind.__name__, kind.code) for kind in kinds()])]
    for context in contexts:
        rows = [_row(error) for error in named if error.__module__.split(".")[0] == context]
        parts += ["", f"## {context}", "", *_table(("reason", "kind", "English", "中文"), rows)]
    return "\n".join(parts) + "\n"


def kinds() -> list[type[CloseloopError]]:
    """The direct heirs of the family, in the order of the code."""
    return list(CloseloopError.__subclasses__())


def named_conditions() -> Iterator[type[CloseloopError]]:
    """Refusals that a context named, below a kind."""
    for kind in kinds():
        yield from _heirs(kind)


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
    kind = next(parent for parent in error.__mro__ if parent in kinds())
    return _upper_snake(error.__name__), kind.__name__, error.en, error.zh


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    lines = [head, tuple("---" for _ in head), *rows]
    return ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines]
