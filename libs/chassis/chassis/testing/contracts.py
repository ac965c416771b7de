"""Small contracts of tests, compiled on the spot with the options of the real ones."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from grpc_tools import protoc

import closeloop


class Contract(NamedTuple):
    pb2: ModuleType
    grpc: ModuleType

    @property
    def folder(self) -> Path:
        """Where the generated modules are: the PYTHONPATH of a process that needs them."""
        return Path(str(self.pb2.__file__)).parent


def compile_contract(proto: Path, out: Path) -> Contract:
    """`proto` may import everything that the real contracts import."""
    known = Path(next(iter(closeloop.__path__))) / "contracts.binpb"
    targets = [f"--python_out={out}", f"--grpc_python_out={out}"]
    # Google's own messages that no real contract uses yet.
    folders = [f"-I{proto.parent}", f"-I{Path(protoc.__file__).parent / '_proto'}"]
    if protoc.main(["protoc", f"--descriptor_set_in={known}", *folders, *targets, proto.name]):
        raise ValueError(f"{proto} does not compile")
    sys.path.insert(0, str(out))
    try:
        return Contract(importlib.import_module(f"{proto.stem}_pb2"), importlib.import_module(f"{proto.stem}_pb2_grpc"))
    finally:
        sys.path.remove(str(out))
