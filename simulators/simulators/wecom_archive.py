"""The adapter beside WeCom's session archive: messages by number, each sealed with a random key for a public key."""

from __future__ import annotations

import base64
import json
import os
import secrets
from pathlib import Path
from typing import cast

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from simulators.application import Simulator, bad_request, whole_number
from simulators.faults import Mode, fault_of
from simulators.numbered import NumberedLog
from simulators.records import Record

MAX_PAGE = 1000


class Keys:
    """Key pairs by version in `<folder>/<version>.pem`, where a tester fetches the private half."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._hidden: dict[int, rsa.RSAPrivateKey] = {}

    def of(self, version: int) -> rsa.RSAPrivateKey:
        if version in self._hidden:
            return self._hidden[version]
        path = self._folder / f"{version}.pem"
        if not path.exists():
            self._lay(version, rsa.generate_private_key(public_exponent=65537, key_size=2048))
        return cast(rsa.RSAPrivateKey, load_pem_private_key(path.read_bytes(), None))

    def hide(self, version: int) -> None:
        """A key that the company did not hand on yet."""
        self._hidden[version] = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def hand_on(self, version: int) -> None:
        if version in self._hidden:
            self._lay(version, self._hidden.pop(version))

    def _lay(self, version: int, key: rsa.RSAPrivateKey) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
        (self._folder / f"{version}.pem").write_bytes(pem)


def seal(message: Record, key: rsa.RSAPublicKey) -> dict[str, str]:
    random = os.urandom(32)
    padder = PKCS7(128).padder()
    padded = padder.update(json.dumps(message, ensure_ascii=False).encode()) + padder.finalize()
    encryptor = Cipher(algorithms.AES256(random), modes.CBC(random[:16])).encryptor()
    return {
        "encrypt_random_key": base64.b64encode(key.encrypt(random, padding.PKCS1v15())).decode(),
        "encrypt_chat_msg": base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode(),
    }


class Archive:
    def __init__(self, simulator: Simulator, data: Path) -> None:
        self._simulator = simulator
        self._messages = NumberedLog(data / "wecom" / "archive.json")
        self._media = data / "wecom" / "media"
        self.keys = Keys(data / "wecom" / "keys")

    @property
    def count(self) -> int:
        return len(self._messages.records)

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/chatdata", self._simulator.guarded(self.chat_data)),
            Route("/mediadata", self._simulator.guarded(self.media_data)),
            Route("/_sim/archive", self.add, methods=["POST"]),
            Route("/_sim/archive-key", self.change_key, methods=["POST"]),
        ]

    async def chat_data(self, request: Request) -> Response:
        """`lie` seals for another key than it says."""
        seq = whole_number(request.query_params.get("seq"), 0)
        limit = whole_number(request.query_params.get("limit"), MAX_PAGE)
        if seq is None or not limit or limit > MAX_PAGE:
            return JSONResponse({"errcode": 40058, "errmsg": "invalid seq or limit"})
        fault = fault_of(request)
        found = [self._sealed(each, fault) for each in self._messages.after(seq, limit, fault)]
        return JSONResponse({"errcode": 0, "errmsg": "ok", "chatdata": found})

    async def media_data(self, request: Request) -> Response:
        path = self._media / Path(request.query_params.get("sdkfileid", "")).name
        return Response(path.read_bytes()) if path.is_file() else Response(status_code=404)

    async def add(self, request: Request) -> Response:
        """`{"from", "to": […], "text"}`, or `"file": {"name", "text"}`, or `"message"` in WeCom's own words."""
        command = await request.json()
        if "from" not in command:
            return bad_request("from is missing")
        kept = self._messages.append({"version": int(command.get("keyVersion", 1)), "message": self._message(command)})
        return JSONResponse({"seq": kept["seq"], "msgid": kept["message"]["msgid"]})

    async def change_key(self, request: Request) -> Response:
        """`{"version": 2, "hidden": true}`: messages are sealed for a key nobody was handed; false hands it on."""
        command = await request.json()
        version = int(command["version"])
        if command.get("hidden"):
            self.keys.hide(version)
        else:
            self.keys.hand_on(version)
        return JSONResponse({"version": version, "hidden": bool(command.get("hidden"))})

    def _message(self, command: Record) -> Record:
        body: Record = {"msgtype": "text", "text": {"content": command.get("text", "")}}
        if "file" in command:
            body = {"msgtype": "file", "file": self._laid_out(command["file"])}
        return {
            "msgid": str(command.get("msgId") or f"{secrets.token_hex(8)}_external"),
            "action": "send",
            "from": command["from"],
            "tolist": command.get("to", []),
            "roomid": command.get("roomId", ""),
            "msgtime": int(self._simulator.clock.now().timestamp() * 1000),
            **body,
            **command.get("message", {}),
        }

    def _laid_out(self, file: Record) -> Record:
        handle, content = secrets.token_hex(16), str(file.get("text", "")).encode()
        self._media.mkdir(parents=True, exist_ok=True)
        (self._media / handle).write_bytes(content)
        return {"filename": file["name"], "filesize": len(content), "sdkfileid": handle, "md5sum": ""}

    def _sealed(self, record: Record, fault: Mode) -> Record:
        version = int(record["version"])
        key = self.keys.of(version + 1000 if fault is Mode.LIE else version).public_key()
        numbered = {name: value for name, value in record.items() if name in ("seq", "number")}
        return {
            **numbered,
            "msgid": record["message"]["msgid"],
            "publickey_ver": version,
            **seal(record["message"], key),
        }
