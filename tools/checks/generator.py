"""Load proto/generate.py, which is a script beside the contracts and no package of its own."""

from __future__ import annotations

from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

PROTO = Path(__file__).resolve().parents[2] / "proto"


def load(folder: Path = PROTO) -> ModuleType:
    """The generator of `folder`: it reads and writes beside itself, so a copied folder is generated apart."""
    module = ModuleType("contracts_generate")
    module.__file__ = str(folder / "generate.py")
    SourceFileLoader(module.__name__, module.__file__).exec_module(module)
    return module
