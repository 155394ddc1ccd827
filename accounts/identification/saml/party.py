"""This service as a SAML service provider: entity ID, addresses and keys."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from django.urls import reverse
from onelogin.saml2.constants import OneLogin_Saml2_Constants as C

TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A certificate and its private key, both as PEM texts."""

    certificate: str
    key: str


@dataclass(frozen=True)
class Party:
    """The service provider: entity ID, addresses, keys, and accepted levels of assurance.

    `keys` are paths of (certificate, private key), PEM. The first pair signs; all of them decrypt,
    so that a new certificate can be published before it is used.
    """

    base_url: str
    entity_id: str
    keys: tuple[tuple[str, str], ...]
    levels: tuple[str, ...]

    @property
    def answer_url(self) -> str:
        """The address to which the provider posts its answers (AssertionConsumerService)."""
        return urljoin(self.base_url, reverse("identification-saml-answer"))

    @property
    def logout_url(self) -> str:
        """The address that receives logout messages (SingleLogoutService)."""
        return urljoin(self.base_url, reverse("identification-saml-logout"))

    @cached_property
    def pairs(self) -> tuple[KeyPair, ...]:
        """The key pairs, read once."""
        return tuple(
            KeyPair(Path(certificate).read_text(), Path(key).read_text())
            for certificate, key in self.keys
        )

    def toolkit(self, idp: dict[str, Any], pair: KeyPair) -> dict[str, Any]:
        """Return the settings of python3-saml for this provider and key pair."""
        return {
            "strict": True,
            "debug": False,
            "sp": {
                "entityId": self.entity_id,
                "assertionConsumerService": {
                    "url": self.answer_url,
                    "binding": C.BINDING_HTTP_POST,
                },
                "singleLogoutService": {
                    "url": self.logout_url,
                    "binding": C.BINDING_HTTP_REDIRECT,
                },
                "NameIDFormat": TRANSIENT,
                "x509cert": pair.certificate,
                "privateKey": pair.key,
            },
            "idp": idp,
            "security": SECURITY | {"requestedAuthnContext": list(self.levels)},
        }


SECURITY = {
    "authnRequestsSigned": True,
    "logoutRequestSigned": True,
    "logoutResponseSigned": True,
    "wantAssertionsSigned": True,
    "wantAssertionsEncrypted": True,
    "signatureAlgorithm": C.RSA_SHA256,
    "digestAlgorithm": C.SHA256,
    "rejectDeprecatedAlgorithm": True,
    "requestedAuthnContextComparison": "exact",
    "allowSingleLabelDomains": True,
}


def request_data(url: str, query: dict[str, str] | None = None, raw: str = "") -> dict[str, Any]:
    """Return a request in the form of python3-saml, for our registered `url`, not the Host header.

    `raw` is the query string as received; it is needed to verify a signature over it.
    """
    parts = urlsplit(url)
    return {
        "https": "on" if parts.scheme == "https" else "off",
        "http_host": parts.netloc,
        "script_name": parts.path,
        "get_data": query or {},
        "post_data": {},
        "query_string": raw,
        # The signature covers the query as sent, still URL-encoded (SAML 2.0 Bindings, 3.4.4.1).
        "validate_signature_from_qs": bool(raw),
    }
