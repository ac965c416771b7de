"""Generate the contracts when the package is built or installed."""

from __future__ import annotations

from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ContractsHook(BuildHookInterface[Any]):
    """Runs the generator before hatchling collects files, for wheels and editable installs alike."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        _generator(Path(self.root)).generate()


def _generator(root: Path) -> ModuleType:
    # By path: the hook runs from the back end, where the folder is not on sys.path.
    module = ModuleType("contracts_generate")
    module.__file__ = str(root / "generate.py")
    SourceFileLoader(module.__name__, module.__file__).exec_module(module)
    return module
