"""A self-signed certificate for the sandbox's proxies, made anew for every sandbox and valid for 127.0.0.1."""

import ipaddress
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot.sandbox.neon.instants import now
from bot.sandbox.neon.proxy import Certificate

_ADDRESS = "127.0.0.1"


def make_certificate(directory: Path) -> Certificate:
    """Write key and certificate below `directory` and load them. The signature's hash is SHA-256."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, _ADDRESS)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now() - timedelta(days=1))
        .not_valid_after(now() + timedelta(days=365))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(_ADDRESS))]), False)
        .sign(key, hashes.SHA256())
    )
    pem = directory / "proxy.pem"
    pem.touch(mode=0o600)
    pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return Certificate.load(pem, certificate.public_bytes(serialization.Encoding.DER))
