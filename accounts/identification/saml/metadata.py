"""The metadata of this service provider (SAML 2.0 Metadata, 2.4.4)."""

import base64
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from lxml import etree

from accounts.identification import claims
from accounts.identification.saml import documents, signatures
from accounts.identification.saml.party import Party
from certportal.foundation.web import tokens

LASTS = timedelta(days=30)
# The only attributes needed, all in the narrow set ("suppea") of Suomi.fi-tunnistus.
ATTRIBUTES = (
    ("nationalIdentificationNumber", claims.HETU),
    ("sn", claims.FAMILY_NAME),
    ("FirstName", claims.EIDAS_GIVEN_NAME),
    ("FamilyName", claims.EIDAS_FAMILY_NAME),
    ("PersonIdentifier", claims.EIDAS_IDENTIFIER),
)


def document(party: Party, contact: str, *, only: str = "", now: datetime) -> bytes:
    """Return our signed metadata.

    `only` is `current` or `next` for a provider that accepts one certificate at a time, as
    Suomi.fi-tunnistus does; otherwise all certificates are included. `contact` is the mail address
    of the technical contact.
    """
    chosen = {"current": party.pairs[:1], "next": party.pairs[1:2]}.get(only)
    context = {
        "party": party,
        "contact": contact,
        "id": f"_{tokens.new()}",
        "valid_until": f"{now + LASTS:%Y-%m-%dT%H:%M:%SZ}",
        "certificates": [_bare(pair.certificate) for pair in (chosen or party.pairs)],
        "names": _in_every_language(settings.SERVICE_NAME),
        "organisation": _in_every_language(settings.AUTHORITY_NAME),
        "attributes": ATTRIBUTES,
    }
    xml = render_to_string("accounts/saml_metadata.xml", context)
    root, pair = documents.parse(xml.encode()), party.pairs[0]
    signatures.sign(root, pair.certificate, pair.key)
    return bytes(etree.tostring(root))


def _bare(certificate: str) -> str:
    der = x509.load_pem_x509_certificate(certificate.encode()).public_bytes(Encoding.DER)
    return base64.b64encode(der).decode()


def _in_every_language(words: Any) -> list[tuple[str, str]]:
    found = []
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            found.append((code, str(words)))
    return found
