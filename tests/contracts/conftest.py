from __future__ import annotations

from importlib.resources import files

import pytest
from google.protobuf import descriptor_pb2


@pytest.fixture(scope="session")
def image() -> descriptor_pb2.FileDescriptorSet:
    """The descriptors of every contract, as installed."""
    data = files("closeloop").joinpath("contracts.binpb").read_bytes()
    return descriptor_pb2.FileDescriptorSet.FromString(data)
