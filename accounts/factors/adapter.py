"""Adapter for allauth.mfa: the names of service and person, and encryption of secrets."""

from typing import Any

from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings

from accounts.factors import sealing


class Adapter(DefaultMFAAdapter):
    """Encrypts secrets in the database, and identifies people by name in authenticator apps."""

    def encrypt(self, text: str) -> str:
        """Encrypt the secret of an authenticator app or the seed of recovery codes."""
        return sealing.seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        return sealing.unseal(encrypted_text)

    def _get_user_identifier(self, user: Any) -> str:
        return str(user)

    def _get_site_name(self) -> str:
        return str(settings.MFA_TOTP_ISSUER)
