"""This service as a SAML service provider: entity ID, addresses and keys."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import urljoin

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.urls import reverse

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

    @cached_property
    def private_keys(self) -> list[rsa.RSAPrivateKey]:
        """The private keys, the signing one first. Raises TypeError for one that is not RSA."""
        found = [load_pem_private_key(pair.key.encode(), password=None) for pair in self.pairs]
        keys = [key for key in found if isinstance(key, rsa.RSAPrivateKey)]
        if len(keys) != len(found):
            raise TypeError("a SAML key is not RSA")
        return keys
