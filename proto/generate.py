"""Generate the Python contracts from the .proto files: `python proto/generate.py`.

Messages, gRPC stubs, typed stubs (mypy-protobuf) and one descriptor image with comments go to `proto/gen/`,
which is not committed. Files that did not change keep their time stamp; a failing .proto leaves the tree as it was.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import sysconfig
import tempfile
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parent
GEN = ROOT / "gen"
STAMP = "closeloop/.stamp"
IMAGE = "closeloop/contracts.binpb"
VALIDATE = "buf/validate/validate.proto"
GENERATORS = ("grpcio-tools", "mypy-protobuf", "protovalidate", "googleapis-common-protos")


class GenerationFailed(Exception):
    """protoc refused a contract; the message is protoc's own, with file and line."""


def sources() -> list[Path]:
    return sorted(ROOT.glob("closeloop/**/*.proto"))


def fingerprint() -> str:
    """SHA-256 over everything that decides the output: contracts, this file, generator versions."""
    digest = hashlib.sha256()
    for path in [Path(__file__), *sources()]:
        digest.update(path.name.encode() if path.name == "generate.py" else str(path.relative_to(ROOT)).encode())
        digest.update(b"\0" + path.read_bytes() + b"\0")
    digest.update(" ".join(f"{name}={version(name)}" for name in GENERATORS).encode())
    return digest.hexdigest()


def is_fresh() -> bool:
    stamp = GEN / STAMP
    return stamp.is_file() and stamp.read_text() == fingerprint()


def generate() -> None:
    """Bring `gen/` up to date; does nothing when the stamp fits."""
    if is_fresh():
        return
    inputs = fingerprint()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "gen"
        out.mkdir()
        _run_protoc(out, Path(folder) / "deps.binpb")
        _add_package_markers(out)
        _sync(out, GEN)
    (GEN / STAMP).write_text(inputs)


def protoc(*arguments: str, deps: Path) -> None:
    """Run grpc_tools' protoc over every contract. Raises GenerationFailed with protoc's words."""
    write_validate_descriptor(deps)
    command = [sys.executable, "-m", "grpc_tools.protoc", f"-I{ROOT}", *library_includes()]
    command += [f"--descriptor_set_in={deps}", *arguments, *(str(p.relative_to(ROOT)) for p in sources())]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=_environment())
    if done.returncode:
        raise GenerationFailed(done.stderr.strip())


def write_validate_descriptor(target: Path) -> None:
    """validate.proto is in no wheel, so its descriptor comes out of the protovalidate package."""
    from google.protobuf import descriptor_pb2, duration_pb2, timestamp_pb2
    from protovalidate._gen.buf.validate import validate_pb

    found = descriptor_pb2.FileDescriptorSet()
    for module in (descriptor_pb2, duration_pb2, timestamp_pb2):
        module.DESCRIPTOR.CopyToProto(found.file.add())
    found.file.add().ParseFromString(validate_pb._DESC.proto.to_binary())
    target.write_bytes(found.SerializeToString())


def _run_protoc(out: Path, deps: Path) -> None:
    plugins = [f"--plugin=protoc-gen-{name}={_script(f'protoc-gen-{name}')}" for name in ("mypy", "mypy_grpc")]
    targets = [f"--{name}={out}" for name in ("python_out", "grpc_python_out", "mypy_out", "mypy_grpc_out")]
    (out / IMAGE).parent.mkdir(parents=True)
    image = [f"--descriptor_set_out={out / IMAGE}", "--include_imports", "--include_source_info"]
    protoc(*plugins, *targets, *image, deps=deps)
    protoc_validate = [sys.executable, "-m", "grpc_tools.protoc", f"--descriptor_set_in={deps}"]
    protoc_validate += [*plugins[:1], f"--python_out={out}", f"--mypy_out={out}", VALIDATE]
    subprocess.run(protoc_validate, check=True, cwd=ROOT, capture_output=True, env=_environment())


def library_includes() -> list[str]:
    import grpc_tools
    from google.api import annotations_pb2

    return [f"-I{Path(annotations_pb2.__file__).parents[2]}", f"-I{Path(grpc_tools.__file__).parent / '_proto'}"]


def _script(name: str) -> Path:
    return Path(sysconfig.get_path("scripts")) / name


def _environment() -> dict[str, str]:
    # The plugins are scripts of this interpreter's environment, whatever PATH the caller has.
    return {**os.environ, "PATH": f"{sysconfig.get_path('scripts')}{os.pathsep}{os.environ.get('PATH', '')}"}


def _add_package_markers(out: Path) -> None:
    for folder in [path for path in out.rglob("*") if path.is_dir()]:
        (folder / "__init__.py").touch()
    for package in ("closeloop", "buf"):
        (out / package / "py.typed").touch()


def _sync(source: Path, target: Path) -> None:
    wanted = {path.relative_to(source) for path in source.rglob("*") if path.is_file()}
    for relative in wanted:
        _replace_if_changed(source / relative, target / relative)
    for path in [p for p in target.rglob("*") if p.is_file() and p.suffix != ".pyc"]:
        if path.relative_to(target) not in wanted and path != target / STAMP:
            path.unlink()


def _replace_if_changed(source: Path, target: Path) -> None:
    data = source.read_bytes()
    if target.is_file() and target.read_bytes() == data:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    # Write aside and rename: whoever imports at this moment reads the old file or the new one.
    aside = target.with_name(target.name + ".new")
    aside.write_bytes(data)
    aside.replace(target)


if __name__ == "__main__":
    try:
        generate()
    except GenerationFailed as failure:
        sys.exit(str(failure))
