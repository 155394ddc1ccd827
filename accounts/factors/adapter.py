"""Adapter for allauth.mfa: the names of service and person, and encryption of secrets."""

import base64
from typing import Any

from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


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

    def _get_user_identifier(self, user: Any) -> str:
        return str(user)

    def _get_site_name(self) -> str:
        return str(settings.MFA_TOTP_ISSUER)


def _box() -> MultiFernet:
    """Secrets are encrypted at rest, so that a database backup does not reveal them."""
    keys = [str(settings.SECRET_KEY), *map(str, settings.SECRET_KEY_FALLBACKS)]
    return MultiFernet([Fernet(_derived(key)) for key in keys])


def _derived(secret: str) -> bytes:
    """A key derived by HKDF (RFC 5869) for this purpose only."""
    kdf = HKDF(SHA256(), length=32, salt=None, info=b"accounts.factors")
    return base64.urlsafe_b64encode(kdf.derive(secret.encode()))
