"""TLS before a server that has none: a certificate of an authority of its own, and a door that ends TLS."""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

POSTGRES_ASKS_FOR_TLS = bytes.fromhex("0000000804d2162f")


def certificates(folder: Path) -> Path:
    """Writes ca.crt, server.crt and server.key for 127.0.0.1; returns the path of ca.crt."""
    folder.mkdir(parents=True)
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca = _signed("closeloop test authority", ca_key, "closeloop test authority", ca_key, is_ca=True)
    server = _signed("127.0.0.1", key, "closeloop test authority", ca_key, is_ca=False)
    (folder / "ca.crt").write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    (folder / "server.crt").write_bytes(server.public_bytes(serialization.Encoding.PEM))
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "server.key").write_bytes(key.private_bytes(*form))
    return folder / "ca.crt"


def _signed(
    name: str, key: ec.EllipticCurvePrivateKey, issuer: str, by: ec.EllipticCurvePrivateKey, *, is_ca: bool
) -> x509.Certificate:
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
    )
    if not is_ca:
        address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
        builder = builder.add_extension(x509.SubjectAlternativeName([address]), critical=False)
    return builder.sign(by, hashes.SHA256())


@contextmanager
def tls_door(folder: Path, behind: int, *, port: int = 0, postgres: bool = False) -> Iterator[int]:
    """The port of a door that speaks TLS outside and plainly to port `behind` inside.

    `postgres`: a client first asks in the clear whether TLS is spoken.
    """
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "server.crt", folder / "server.key")
    with socket.create_server(("127.0.0.1", port)) as listener:
        Thread(target=_accept, args=(listener, context, behind, postgres), daemon=True).start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)


def _accept(listener: socket.socket, context: ssl.SSLContext, behind: int, postgres: bool) -> None:
    with contextlib.suppress(OSError):
        while True:
            plain, _ = listener.accept()
            Thread(target=_serve, args=(plain, context, behind, postgres), daemon=True).start()


def _serve(plain: socket.socket, context: ssl.SSLContext, behind: int, postgres: bool) -> None:
    with contextlib.suppress(OSError), plain:
        if postgres:
            assert plain.recv(8, socket.MSG_WAITALL) == POSTGRES_ASKS_FOR_TLS
            plain.sendall(b"S")
        inside = socket.create_connection(("127.0.0.1", behind))
        with inside, context.wrap_socket(plain, server_side=True) as outside:
            back = Thread(target=_pump, args=(inside, outside), daemon=True)
            back.start()
            _pump(outside, inside)
            back.join(5)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(65_536):
            sink.sendall(piece)
    for each in (source, sink):
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
