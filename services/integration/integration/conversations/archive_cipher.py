"""Opens messages of the WeCom session archive (会话内容存档).

Each message has a random key of its own, wrapped by RSA (PKCS#1 v1.5) for one version of the company's public key. The
body is AES-256-CBC with that key, its first 16 bytes as initialisation vector, padded as PKCS#7.
WeCom does not publish how bodies are sealed, its library opens them: this form is the contract with the adapter. One
whose library seals otherwise opens bodies itself (DecryptData) and seals them anew like this; it then needs the keys.
"""

from __future__ import annotations

import base64
import binascii
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import load_pem_private_key

_BLOCK_BITS = 128


class KeyMissing(ValueError):
    """There is no private key of this version (yet)."""


class CannotOpen(ValueError):
    """Not encrypted for this key, or damaged on the way."""


class ArchiveKeys:
    """Private keys from a folder, one file `<version>.pem` each. A key that is laid there later is found then."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder) if folder else None
        self._keys: dict[int, rsa.RSAPrivateKey] = {}

    def of(self, version: int) -> rsa.RSAPrivateKey:
        """Raises KeyMissing, also for a file that holds no RSA key."""
        if version not in self._keys:
            self._keys[version] = self._load(version)
        return self._keys[version]

    def _load(self, version: int) -> rsa.RSAPrivateKey:
        try:
            key = load_pem_private_key((self._folder / f"{version}.pem").read_bytes(), None) if self._folder else None
        except (OSError, ValueError, TypeError):
            key = None
        if not isinstance(key, rsa.RSAPrivateKey):
            raise KeyMissing(str(version))
        return key


def opened(keys: ArchiveKeys, version: int, wrapped_key: str, sealed: str) -> str:
    """The message's JSON text. Raises KeyMissing or CannotOpen."""
    private = keys.of(version)
    try:
        key = private.decrypt(base64.b64decode(wrapped_key, validate=True), padding.PKCS1v15())
        # A wrongly wrapped key comes out as random bytes of any length (implicit rejection), which is no AES key or
        # opens to no text.
        decryptor = Cipher(algorithms.AES256(key), modes.CBC(key[:16])).decryptor()
        padded = decryptor.update(base64.b64decode(sealed, validate=True)) + decryptor.finalize()
        unpadder = PKCS7(_BLOCK_BITS).unpadder()
        return (unpadder.update(padded) + unpadder.finalize()).decode()
    except (binascii.Error, ValueError):
        raise CannotOpen from None
