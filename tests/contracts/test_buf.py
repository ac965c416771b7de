"""buf's STANDARD rules, and no breaking change against the committed baseline."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from google.protobuf import descriptor_pb2

from tools.checks import buf

Image = descriptor_pb2.FileDescriptorSet
File = descriptor_pb2.FileDescriptorProto
Tamper = Callable[[Callable[[File], object]], Path]


@pytest.fixture
def tampered(image: Image, tmp_path: Path) -> Tamper:
    def write(change: Callable[[File], object]) -> Path:
        copy = Image.FromString(image.SerializeToString())
        change(next(file for file in copy.file if file.name == "closeloop/common/v1/money.proto"))
        target = tmp_path / "tampered.binpb"
        target.write_bytes(copy.SerializeToString())
        return target

    return write


def rename(file: File) -> None:
    file.message_type[0].field[0].name = "FenAmount"


def remove(file: File) -> None:
    del file.message_type[0].field[0]


@pytest.mark.spec("P3.2")
def test_contracts_keep_bufs_standard_rules() -> None:
    assert buf.lint() == []


@pytest.mark.spec("P3.2")
def test_no_contract_breaks_a_promise_of_the_baseline() -> None:
    assert buf.breaking() == []


def test_a_badly_named_field_is_found(tampered: Tamper) -> None:
    assert any("FenAmount" in line for line in buf.lint(tampered(rename)))


def test_a_removed_field_is_a_breaking_change(tampered: Tamper, tmp_path: Path) -> None:
    baseline = tmp_path / "baseline.binpb"
    buf.write_baseline(baseline=baseline)
    assert buf.breaking(baseline=baseline) == []
    assert any('"1" with name "fen"' in line for line in buf.breaking(tampered(remove), baseline))
