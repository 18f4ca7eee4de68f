"""A certificate for loopback that lives as long as a test run."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from msgspec import Struct

_HOST = "127.0.0.1"


class Certificate(Struct, frozen=True):
    """Two PEM files: the certificate of a server on 127.0.0.1, which clients trust too, and its key."""

    path: Path
    key_path: Path


def write_certificate(folder: Path) -> Certificate:
    """Write a self-signed certificate for 127.0.0.1, valid for a day, into `folder`."""
    key = ec.generate_private_key(ec.SECP256R1())
    written = Certificate(folder / "loopback.pem", folder / "loopback-key.pem")
    written.path.write_bytes(_signed(key).public_bytes(serialization.Encoding.PEM))
    written.key_path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return written


def _signed(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, _HOST)])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(_HOST))]), critical=False)
        # It signs itself and no other certificate.
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
