"""The generated contracts belong to the .proto files, and generation is safe to repeat."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tools.checks.generator import load

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def proto(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "proto/closeloop/common", tmp_path / "proto/closeloop/common")
    shutil.copy(ROOT / "proto/generate.py", tmp_path / "proto")
    return tmp_path / "proto"


@pytest.mark.spec("P3.2")
def test_the_generated_contracts_are_fresh() -> None:
    assert load().is_fresh(), "a .proto changed: run `make proto`"


def test_a_changed_proto_is_stale_until_generated_again(proto: Path) -> None:
    generate = load(proto)
    generate.generate()
    assert generate.is_fresh()
    money = proto / "closeloop/common/v1/money.proto"
    money.write_text(money.read_text().replace("int64 fen = 1", "int64 cents = 1"))
    assert not generate.is_fresh()
    generate.generate()
    assert generate.is_fresh()
    assert "cents" in (proto / "gen/closeloop/common/v1/money_pb2.pyi").read_text()


def test_a_broken_proto_is_named_and_leaves_the_last_good_contracts(proto: Path) -> None:
    generate = load(proto)
    generate.generate()
    before = (proto / "gen/closeloop/common/v1/money_pb2.py").read_bytes()
    money = proto / "closeloop/common/v1/money.proto"
    money.write_text(money.read_text() + "message Broken { nonsense }")
    with pytest.raises(generate.GenerationFailed, match=r"money\.proto:14"):
        generate.generate()
    assert (proto / "gen/closeloop/common/v1/money_pb2.py").read_bytes() == before


def test_contracts_of_a_removed_proto_go(proto: Path) -> None:
    generate = load(proto)
    generate.generate()
    (proto / "closeloop/common/v1/provenance.proto").unlink()
    generate.generate()
    assert not list((proto / "gen").rglob("provenance_pb2*"))
    assert (proto / "gen/closeloop/common/v1/money_pb2.py").is_file()
