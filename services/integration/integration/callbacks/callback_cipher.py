"""Callback encryption of WeCom (企业微信 WXBizMsgCrypt) and DingTalk, which is the same: SHA-1 signature, AES-256-CBC.

Plain text: 16 random bytes, length (4 bytes, big-endian), message, receiver (WeCom: corp id; DingTalk: app key, suite
key or corp id); PKCS#7 to blocks of 32 bytes; the key is
base64 of the EncodingAESKey plus "=", the first 16 bytes of it the initialisation vector.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from pydantic import SecretStr

_RANDOM, _LENGTH, _BLOCK = 16, 4, 32


class NotForUs(ValueError):
    """Not encrypted with our key, or meant for somebody else."""


class CallbackCipher:
    """Raises ValueError for a key that is no EncodingAESKey."""

    def __init__(self, token: SecretStr, aes_key: SecretStr, receiver: str) -> None:
        self._token = token.get_secret_value()
        self._key = base64.b64decode(aes_key.get_secret_value() + "=")
        self._receiver = receiver
        if len(self._key) != 32:
            raise ValueError("the EncodingAESKey has 43 characters")

    def signature(self, timestamp: str, nonce: str, encrypted: str) -> str:
        parts = "".join(sorted([self._token, timestamp, nonce, encrypted]))
        return hashlib.sha1(parts.encode(), usedforsecurity=False).hexdigest()

    def is_signed(self, signature: str, timestamp: str, nonce: str, encrypted: str) -> bool:
        """What can't be written as UTF-8 (half a character in JSON) nobody signed."""
        try:
            expected, told = self.signature(timestamp, nonce, encrypted).encode(), signature.encode()
        except ValueError:
            return False
        return hmac.compare_digest(expected, told)

    def encrypt(self, message: str, prefix: bytes) -> str:
        """`prefix`: 16 random bytes."""
        content = message.encode()
        plain = prefix + len(content).to_bytes(_LENGTH, "big") + content + self._receiver.encode()
        filler = _BLOCK - len(plain) % _BLOCK
        encryptor = self._cipher().encryptor()
        return base64.b64encode(encryptor.update(plain + bytes([filler]) * filler) + encryptor.finalize()).decode()

    def decrypt(self, encrypted: str) -> str:
        """Raises NotForUs."""
        try:
            sealed = base64.b64decode(encrypted, validate=True)
            decryptor = self._cipher().decryptor()
            return self._open(decryptor.update(sealed) + decryptor.finalize())
        except (binascii.Error, ValueError, IndexError):
            raise NotForUs("not encrypted with our key") from None

    def _cipher(self) -> Cipher[modes.CBC]:
        return Cipher(algorithms.AES256(self._key), modes.CBC(self._key[:16]))

    def _open(self, padded: bytes) -> str:
        filler = padded[-1]
        if not 1 <= filler <= _BLOCK:
            raise ValueError("padding")
        plain = padded[_RANDOM : len(padded) - filler]
        length = int.from_bytes(plain[:_LENGTH], "big")
        message, receiver = plain[_LENGTH : _LENGTH + length], plain[_LENGTH + length :]
        if receiver != self._receiver.encode():
            raise ValueError("receiver")
        return message.decode()
