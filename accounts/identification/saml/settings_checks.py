"""System checks of the SAML settings of a production environment."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.core.checks import CheckMessage, Error, Warning

from accounts.identification.saml.federation import Federation
from certportal.foundation import clock
from certportal.foundation.certificate_faults import UNREADABLE
from certportal.foundation.errors import Unavailable

# Suomi.fi-tunnistus installs new metadata once a week, so a renewal takes some time.
WARNED = timedelta(days=30)
SMALLEST_KEY = 2048


def faults(options: dict[str, Any]) -> list[CheckMessage]:
    """Return the errors and warnings about the options of the SAML provider."""
    found: list[CheckMessage] = []
    if urlsplit(options["base_url"]).scheme != "https":
        found.append(Error("PORTAL_BASE_URL must be an https address.", id="accounts.E006"))
    if not options["keys"]:
        found.append(Error("SAML_CERTIFICATE_FILE is missing.", id="accounts.E007"))
    now = clock.now()
    for certificate, key in options["keys"]:
        found += _key_faults(Path(certificate), Path(key), now)
    return found + _provider_faults(options, now)


def _key_faults(certificate: Path, key: Path, now: datetime) -> list[CheckMessage]:
    try:
        cert = x509.load_pem_x509_certificate(certificate.read_bytes())
        private = load_pem_private_key(key.read_bytes(), password=None)
    except (OSError, TypeError, *UNREADABLE) as error:
        text = f"{certificate} or its .key cannot be read: {type(error).__name__}."
        return [Error(text, id="accounts.E008")]
    if not isinstance(private, rsa.RSAPrivateKey) or private.key_size < SMALLEST_KEY:
        return [Error(f"{key} must be an RSA key of {SMALLEST_KEY} bits.", id="accounts.E009")]
    if private.public_key() != cert.public_key():
        return [Error(f"{key} is not the key of {certificate}.", id="accounts.E010")]
    if cert.not_valid_after_utc <= now:
        return [Error(f"{certificate} has expired.", id="accounts.E011")]
    if cert.not_valid_after_utc <= now + WARNED:
        return [Warning(f"{certificate} expires within a month.", id="accounts.W001")]
    return []


def _provider_faults(options: dict[str, Any], now: datetime) -> list[CheckMessage]:
    try:
        idp = Federation(options["metadata"], options["idp_entity_id"]).idp(now=now)
    except Unavailable:
        text = "SAML_IDP_METADATA_FILE holds no valid metadata of the identity provider."
        return [Error(text, id="accounts.E012")]
    if urlsplit(idp.sign_on_url).scheme != "https":
        return [Error("The identity provider must be at an https address.", id="accounts.E013")]
    return []
