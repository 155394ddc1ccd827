"""Adapter for allauth.mfa: the names of service and person, and encryption of secrets."""

import base64
from enum import Enum, auto
from typing import Any

from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class Sealing(Enum):
    """Which of the service's secret keys opens a secret."""

    NEWEST = auto()
    EARLIER = auto()
    LOST = auto()


class Adapter(DefaultMFAAdapter):
    """Encrypts secrets in the database, and identifies people by name in authenticator apps."""

    def encrypt(self, text: str) -> str:
        """Encrypt the secret of an authenticator app or the seed of recovery codes."""
        return _box().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Decrypt it; keys in SECRET_KEY_FALLBACKS are tried as well.

        Raises cryptography's InvalidToken if none of the keys fits.
        """
        return _box().decrypt(encrypted_text.encode()).decode()

    def sealing(self, encrypted_text: str) -> Sealing:
        """Return which key opens it: SECRET_KEY, one of SECRET_KEY_FALLBACKS, or none."""
        for number, key in enumerate(_keys()):
            try:
                key.decrypt(encrypted_text.encode())
            except InvalidToken:
                continue
            return Sealing.EARLIER if number else Sealing.NEWEST
        return Sealing.LOST

    def sealed_anew(self, encrypted_text: str) -> str:
        """Encrypt it under SECRET_KEY instead. Raises as `decrypt` does."""
        return _box().rotate(encrypted_text.encode()).decode()

    def _get_user_identifier(self, user: Any) -> str:
        return str(user)

    def _get_site_name(self) -> str:
        return str(settings.MFA_TOTP_ISSUER)


def _box() -> MultiFernet:
    """Secrets are encrypted at rest, so that a database backup does not reveal them."""
    return MultiFernet(_keys())


def _keys() -> list[Fernet]:
    """Return the keys, newest first."""
    keys = [str(settings.SECRET_KEY), *map(str, settings.SECRET_KEY_FALLBACKS)]
    return [Fernet(_derived(key)) for key in keys]


def _derived(secret: str) -> bytes:
    """A key derived by HKDF (RFC 5869) for this purpose only."""
    kdf = HKDF(SHA256(), length=32, salt=None, info=b"accounts.factors")
    return base64.urlsafe_b64encode(kdf.derive(secret.encode()))
