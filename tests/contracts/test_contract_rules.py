"""The house rules of the contracts hold, and each of them is able to fail."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from google.protobuf import descriptor_pb2

from tools.checks import contract_rules, generator

ROOT = Path(__file__).resolve().parents[2]
Image = descriptor_pb2.FileDescriptorSet

GOOD = """
syntax = "proto3";
package closeloop.sample.v1;
import "buf/validate/validate.proto";
import "closeloop/common/v1/access.proto";
import "closeloop/common/v1/event.proto";
import "google/api/annotations.proto";

service SampleService {
  rpc DoThing(DoThingRequest) returns (DoThingResponse) {
    option (google.api.http) = {post: "/api/v1/things/{thing_id}:do" body: "*"};
    option (closeloop.common.v1.access) = {duties: ["rep"] scope: SCOPE_SELF resource: "thing_id"};
  }
  rpc GetThing(GetThingRequest) returns (GetThingResponse) {
    option (google.api.http) = {get: "/api/v1/things/{thing_id}"};
    option (closeloop.common.v1.access) = {scope: SCOPE_BY_LEVEL};
  }
}
message DoThingRequest {
  string request_id = 1;
  string thing_id = 2 [(buf.validate.field).string.uuid = true];
}
message DoThingResponse {}
message GetThingRequest {
  string thing_id = 1 [(buf.validate.field).string.uuid = true];
}
message GetThingResponse {}
"""
EVENTS = """
syntax = "proto3";
package closeloop.sample.v1;
import "closeloop/common/v1/event.proto";

message ThingDone {
  option (closeloop.common.v1.event) = {
    type: "sample.done" topic: "closeloop.sample.thing.v1" key: "thing_id"
  };
  string thing_id = 1;
  repeated ThingPart parts = 2;
}
message ThingPart {}
"""
ACCESS = 'option (closeloop.common.v1.access) = {duties: ["rep"] scope: SCOPE_SELF resource: "thing_id"};'
RULES_BROKEN = [
    (ACCESS, "", "DoThing: no access option"),
    ('option (google.api.http) = {get: "/api/v1/things/{thing_id}"};', "", "GetThing: an RPC has an http option or is"),
    ("scope: SCOPE_SELF", "scope: SCOPE_SELF internal: true", "DoThing: an RPC has an http option or is"),
    ("scope: SCOPE_SELF", "", "DoThing: no scope"),
    ('["rep"]', '["wizard"]', "DoThing: unknown duty wizard"),
    ('resource: "thing_id"', 'resource: "other_id"', "DoThing: resource other_id is not a field"),
    ("string request_id = 1;", "", "DoThing: changes something and has no string request_id"),
    ("string request_id = 1;", "int64 request_id = 1;", "DoThing: changes something and has no string request_id"),
    ("scope: SCOPE_SELF", "scope: SCOPE_SELF read_only: true", "DoThing: has a request_id and changes nothing"),
    ("{thing_id}:do", "{thing_id}:doIt", "DoThing: the gateway can't serve /api/v1/things/{thing_id}:doIt. One looks"),
    ("{thing_id}:do", "{thong_id}:do", "DoThing: path field thong_id is not in the request"),
    (".string.uuid = true", ".string.max_len = 9", "DoThing: path field thing_id takes any text"),
    ('get: "/api/v1/things/{thing_id}"', 'post: "/api/v1/things/{thing_id}:do"', "2 RPCs answer it"),
    ("(GetThingRequest) returns", "(DoThingRequest) returns", "DoThingRequest: used by 2 RPCs"),
]
EVENTS_BROKEN = [
    ('"sample.done"', '"SampleDone"', "ThingDone: type 'SampleDone'"),
    ('"closeloop.sample.thing.v1"', '"closeloop.leads.thing.v1"', "ThingDone: topic"),
    ('key: "thing_id"', 'key: "other"', "ThingDone: key 'other'"),
    ("repeated ThingPart parts = 2;", "", "ThingPart: in events.proto without the event option"),
    (
        "message ThingPart {}",
        'message ThingPart { option (closeloop.common.v1.event) = {type: "sample.done"}; }',
        "sample.done: published by 2 messages",
    ),
]


@pytest.mark.spec("P1.4", "P3.2")
def test_the_contracts_keep_the_house_rules(image: Image) -> None:
    assert contract_rules.findings(image) == [], "as `make lint` says"
    assert len(contract_rules.rpcs(image)) > 50


def compiled(folder: Path, service: str, events: str) -> Image:
    generate = generator.load()
    target = folder / "closeloop/sample/v1"
    target.mkdir(parents=True)
    (target / "sample_service.proto").write_text(service)
    (target / "events.proto").write_text(events)
    deps, out = folder / "deps.binpb", folder / "out.binpb"
    generate.write_validate_descriptor(deps)
    command = [sys.executable, "-m", "grpc_tools.protoc", f"--descriptor_set_in={deps}", f"-I{folder}"]
    command += [f"-I{ROOT / 'proto'}", *generate.library_includes(), f"--descriptor_set_out={out}"]
    names = [f"closeloop/sample/v1/{name}.proto" for name in ("sample_service", "events")]
    subprocess.run([*command, *names], check=True)
    return Image.FromString(out.read_bytes())


def test_a_good_contract_has_no_finding(tmp_path: Path) -> None:
    assert contract_rules.findings(compiled(tmp_path, GOOD, EVENTS)) == []


@pytest.mark.spec("P1.4")
@pytest.mark.parametrize(("before", "after", "finding"), RULES_BROKEN)
def test_a_broken_rpc_rule_is_found(tmp_path: Path, before: str, after: str, finding: str) -> None:
    assert before in GOOD
    found = contract_rules.findings(compiled(tmp_path, GOOD.replace(before, after), EVENTS))
    assert any(finding in line for line in found), found


@pytest.mark.spec("P3.2")
@pytest.mark.parametrize(("before", "after", "finding"), EVENTS_BROKEN)
def test_a_broken_event_rule_is_found(tmp_path: Path, before: str, after: str, finding: str) -> None:
    assert before in EVENTS
    found = contract_rules.findings(compiled(tmp_path, GOOD, EVENTS.replace(before, after)))
    assert any(finding in line for line in found), found
