"""An SMTP server that knows a certificate package when it sees one, and whose it is."""

import hashlib
import time
from collections import defaultdict
from collections.abc import Collection
from email import message_from_bytes
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

MEDIA_TYPE = "application/pkix-cert"


class Sink:
    """Notes when each recipient's package was accepted, by the key that its certificate has."""

    def __init__(self) -> None:
        self.accepted: dict[str, dict[str, float]] = defaultdict(dict)
        self.package = b""
        self.mails = 0

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """Accept the mail. Only a certificate in DER makes a package of it."""
        at = time.monotonic()
        self.mails += 1
        for part in message_from_bytes(envelope.content).walk():
            if part.get_content_type() == MEDIA_TYPE:
                made = x509.load_der_x509_certificate(part.get_payload(decode=True))
                self.package = envelope.content
                self.accepted[key_of(made)].setdefault(envelope.rcpt_tos[0], at)
        return "250 OK"

    def missing(self, wanted: dict[str, Collection[str]]) -> list[str]:
        """Return the keys of which a recipient has no certificate yet."""
        return [key for key, told in wanted.items() if set(told) - self.accepted[key].keys()]

    def last(self, key: str) -> float:
        """Return when the last of the key's packages was accepted (monotonic clock)."""
        return max(self.accepted[key].values())


def key_of(made: x509.Certificate | x509.CertificateSigningRequest) -> str:
    """Return the SHA-256 of the public key that is certified, or asked to be."""
    der = made.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()
