"""Keys of partners' programs: shown once, kept as a hash, checked, revoked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from sqlalchemy import text

from chassis.errors import FailedPrecondition, InvalidInput, NotFound, PermissionDenied
from chassis.identity import Identity
from chassis.kernel.ids import new_id
from chassis.testing.identity import as_hq, as_partner, as_service
from chassis.testing.rpc import Rpc
from closeloop.integration.v1 import api_key_service_pb2 as pb
from closeloop.integration.v1.api_key_service_pb2_grpc import ApiKeyServiceStub

from .conftest import World


class Keys:
    def __init__(self, world: World, rpc: Rpc) -> None:
        self._world, self._rpc = world, rpc

    def as_(self, identity: Identity) -> ApiKeyServiceStub:
        return ApiKeyServiceStub(self._rpc(self._world.service, as_=identity))

    def request(self, *, days: float = 30, **changes: object) -> pb.CreateApiKeyRequest:
        values: dict[str, object] = {
            "request_id": new_id(), "name": "华东代理", "duties": ["partner"], "groups": ["leads.CaptureService"],
            "reason": "代理商线索",
        }  # fmt: skip
        request = pb.CreateApiKeyRequest(**(values | changes))  # type: ignore[arg-type]
        request.expires_at.FromDatetime(datetime.now(UTC) + timedelta(days=days))
        return request

    def check(self, key_id: str, secret: str) -> pb.ApiKey:
        """As the gateway asks."""
        request = pb.CheckApiKeyRequest(key_id=key_id, digest=sha256(secret.encode()).digest())
        return self.as_(as_service("gateway")).CheckApiKey(request).key


@pytest.fixture
def api_keys(world: World, rpc: Rpc) -> Keys:
    return Keys(world, rpc)


@pytest.mark.spec("P1.3")
def test_a_key_is_shown_once_and_no_row_holds_it(world: World, api_keys: Keys) -> None:
    request = api_keys.request()
    made = api_keys.as_(as_hq()).CreateApiKey(request)
    assert made.secret.startswith("ck_")
    assert api_keys.check(made.key.key_id, made.secret).name == "华东代理"
    again = api_keys.as_(as_hq()).CreateApiKey(request)
    assert (again.key.key_id, again.secret) == (made.key.key_id, "")
    secret = made.secret.split("_", 2)[2]
    with world.service.uow.database.connect() as conn:
        names = conn.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).scalars().all()
        rows = {name: conn.execute(text(f'SELECT t::text FROM "{name}" t')).scalars().all() for name in names}
    assert rows["api_key"]
    assert rows["idempotency"], "the answer is remembered"
    for name, found in rows.items():
        told = " ".join(found)
        assert secret not in told, name
        assert secret.encode().hex() not in told, name


@pytest.mark.spec("P1.3")
def test_a_wrong_or_revoked_key_is_not_there(api_keys: Keys) -> None:
    made = api_keys.as_(as_hq()).CreateApiKey(api_keys.request())
    for key_id, secret in ((made.key.key_id, made.secret + "x"), (new_id(), made.secret)):
        with pytest.raises(NotFound):
            api_keys.check(key_id, secret)
    revoke = pb.RevokeApiKeyRequest(request_id=new_id(), key_id=made.key.key_id, reason="合作结束")
    assert api_keys.as_(as_hq()).RevokeApiKey(revoke).key.HasField("revoked_at")
    with pytest.raises(NotFound):
        api_keys.check(made.key.key_id, made.secret)
    revoke.request_id = new_id()
    with pytest.raises(FailedPrecondition):
        api_keys.as_(as_hq()).RevokeApiKey(revoke)
    assert [each.key_id for each in api_keys.as_(as_hq()).ListApiKeys(pb.ListApiKeysRequest()).keys] == [
        made.key.key_id
    ]


@pytest.mark.spec("P1.3", "P9.1")
@pytest.mark.parametrize(
    "changes", [{"days": -1}, {"days": 401}, {"duties": ["hq"]}, {"duties": []}, {"groups": ["*"]}, {"groups": []}]
)
def test_a_key_ends_within_its_time_and_never_grants_rights(api_keys: Keys, changes: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        api_keys.as_(as_hq()).CreateApiKey(api_keys.request(**changes))  # type: ignore[arg-type]


@pytest.mark.spec("P1.3", "P9.1")
def test_programs_make_no_keys(api_keys: Keys) -> None:
    for caller in (as_partner("P1", "partner", "ops"), as_hq("E9", "ops")):
        with pytest.raises(PermissionDenied):
            api_keys.as_(caller).CreateApiKey(api_keys.request())
