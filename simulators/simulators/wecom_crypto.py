"""Callback encryption of WeCom (企业微信 WXBizMsgCrypt): SHA-1 signature and AES-256-CBC.

Plain text before encryption: 16 random bytes, length of the message as 4 bytes big-endian, message, receiver (corp
id); padded as in PKCS#7 to blocks of 32 bytes. The key is the 43-character EncodingAESKey in base64; its first 16
bytes are the initialisation vector.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK = 32


class CannotDecrypt(ValueError):
    """The text was not encrypted with this key for this receiver."""


@dataclass(frozen=True)
class CallbackCipher:
    token: str
    aes_key: str
    receiver: str

    def signature(self, timestamp: str, nonce: str, encrypted: str) -> str:
        parts = sorted([self.token, timestamp, nonce, encrypted])
        return hashlib.sha1("".join(parts).encode(), usedforsecurity=False).hexdigest()

    def is_signed(self, signature: str, timestamp: str, nonce: str, encrypted: str) -> bool:
        return hmac.compare_digest(signature, self.signature(timestamp, nonce, encrypted))

    def encrypt(self, message: str, prefix: bytes) -> str:
        """`prefix`: 16 random bytes."""
        content = message.encode()
        plain = prefix + len(content).to_bytes(4, "big") + content + self.receiver.encode()
        filler = BLOCK - len(plain) % BLOCK
        encryptor = self._cipher().encryptor()
        sealed = encryptor.update(plain + bytes([filler]) * filler) + encryptor.finalize()
        return base64.b64encode(sealed).decode()

    def decrypt(self, encrypted: str) -> str:
        try:
            decryptor = self._cipher().decryptor()
            padded = decryptor.update(base64.b64decode(encrypted, validate=True)) + decryptor.finalize()
            plain = padded[16 : len(padded) - padded[-1]]
            length = int.from_bytes(plain[:4], "big")
            message, receiver = plain[4 : 4 + length].decode(), plain[4 + length :].decode()
        except (binascii.Error, ValueError, IndexError) as error:
            raise CannotDecrypt("not encrypted with this key") from error
        if receiver != self.receiver:
            raise CannotDecrypt("meant for another receiver")
        return message

    def _cipher(self) -> Cipher[modes.CBC]:
        key = base64.b64decode(self.aes_key + "=")
        return Cipher(algorithms.AES256(key), modes.CBC(key[:16]))
