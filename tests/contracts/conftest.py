from __future__ import annotations

import pytest
from google.protobuf import descriptor_pb2

from tools.checks import contract_rules


@pytest.fixture(scope="session")
def image() -> descriptor_pb2.FileDescriptorSet:
    """The descriptors of every contract, as installed."""
    return contract_rules.installed()
