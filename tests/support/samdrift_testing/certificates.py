"""A certificate authority of one test, and certificates for 127.0.0.1 that it signed."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Authority:
    """Keeps its files in `folder`."""

    folder: Path
    name: str = "authority"

    @cached_property
    def file(self) -> str:
        """The authority's own certificate, PEM."""
        path = self.folder / f"{self.name}.pem"
        path.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))
        return str(path)

    def signed(self, name: str) -> str:
        """A file with a certificate for 127.0.0.1 and its key, PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        built = _builder(name, self._certificate.subject, key.public_key())
        address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
        certificate = built.add_extension(address, critical=False).sign(self._key, hashes.SHA256())
        path = self.folder / f"{name}.pem"
        path.write_bytes(_key_pem(key) + certificate.public_bytes(serialization.Encoding.PEM))
        return str(path)

    def server(self, *, asks_for_a_certificate: bool = False) -> ssl.SSLContext:
        """What a server speaks with; it may let in only whom this authority signed."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=self.file)
        context.load_cert_chain(self.signed("server"))
        context.verify_mode = ssl.CERT_REQUIRED if asks_for_a_certificate else ssl.CERT_NONE
        return context

    @cached_property
    def _key(self) -> ec.EllipticCurvePrivateKey:
        return ec.generate_private_key(ec.SECP256R1())

    @cached_property
    def _certificate(self) -> x509.Certificate:
        built = _builder(self.name, _named(self.name), self._key.public_key())
        root = x509.BasicConstraints(ca=True, path_length=0)
        return built.add_extension(root, critical=True).sign(self._key, hashes.SHA256())


def _builder(name: str, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(_named(name))
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
    )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
