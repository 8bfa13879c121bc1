"""Certificates made on the fly for mail servers under test: right, of another name, or out of date."""

import datetime as dt
import ipaddress
import ssl
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Certificate(NamedTuple):
    """A self-made certificate and its key. A client that trusts ``certificate`` (PEM) accepts it for its names."""

    certificate: bytes
    key: bytes

    def context(self) -> ssl.SSLContext:
        """A server's TLS context that shows it."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.TemporaryDirectory() as folder:  # the ssl module reads certificates from files only
            context.load_cert_chain(self.write(Path(folder)))
        return context

    def write(self, folder: Path) -> Path:
        """Writes key and certificate into one file ``server.pem`` (readable by its owner) and the latter to ``ca.pem``."""
        path = folder / "server.pem"
        path.touch(mode=0o600)
        path.write_bytes(self.key + self.certificate)
        (folder / "ca.pem").write_bytes(self.certificate)
        return path


def make_certificate(names: Sequence[str] = ("localhost", "127.0.0.1"), *, days: int = 30) -> Certificate:
    """A certificate for host names and IP addresses; ``days`` below zero makes one that ran out so long ago."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    ends = dt.datetime.now(tz=dt.UTC) + dt.timedelta(days=days)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(ends - dt.timedelta(days=60))
        .not_valid_after(ends)
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    encoding, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    return Certificate(
        certificate.public_bytes(encoding), key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, plain)
    )


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
