"""A self-signed certificate that nobody trusts, made when a test asks for it."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

OPENSSL_SECONDS = 10  # an elliptic-curve key takes milliseconds; this only bounds a stuck command


class CertificateError(RuntimeError):
    """No certificate can be made here; the message is a reason to skip a test with."""


@dataclass(frozen=True)
class Certificate:
    """The two PEM files of a certificate for localhost and 127.0.0.1."""

    certificate_file: Path
    key_file: Path

    def server_context(self) -> ssl.SSLContext:
        """Return a TLS context a server can use."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate_file, self.key_file)
        return context


def make_certificate(folder: Path) -> Certificate:
    """Make a certificate in *folder* with the openssl command.

    Raises CertificateError when the command is missing or fails.
    """
    openssl = shutil.which("openssl")
    if openssl is None:
        raise CertificateError("the openssl command is not installed")
    made = Certificate(folder / "server.crt", folder / "server.key")
    command = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    command += ["-out", str(made.certificate_file), "-keyout", str(made.key_file)]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=OPENSSL_SECONDS)
    except (OSError, subprocess.SubprocessError) as error:
        raise CertificateError(f"openssl could not make a certificate: {error}") from error
    return made


def expired(certificate: Certificate) -> Certificate:
    """Return a certificate beside another one, with its key and all that it says, which ended yesterday."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization

    old = x509.load_pem_x509_certificate(certificate.certificate_file.read_bytes())
    key = serialization.load_pem_private_key(certificate.key_file.read_bytes(), None)
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(old.issuer, old.subject, old.public_key(), old.serial_number)
    builder = builder.not_valid_before(now - timedelta(days=9)).not_valid_after(now - timedelta(days=1))
    for extension in old.extensions:
        builder = builder.add_extension(extension.value, extension.critical)
    made = certificate.certificate_file.with_name("expired.crt")
    signed = builder.sign(key, hashes.SHA256())  # type: ignore[arg-type]
    made.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    return Certificate(made, certificate.key_file)
