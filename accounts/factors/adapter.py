"""How allauth.mfa names this service and the person, and how its secrets are kept."""

from typing import Any

from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings

from accounts.factors import sealing


class Adapter(DefaultMFAAdapter):
    """Secrets are sealed in the database; people are named by their name, not by a key."""

    def encrypt(self, text: str) -> str:
        """Seal the secret of an authenticator app or the seed of recovery codes."""
        return sealing.seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Open what `encrypt` sealed."""
        return sealing.unseal(encrypted_text)

    def _get_user_identifier(self, user: Any) -> str:
        return str(user)

    def _get_site_name(self) -> str:
        return str(settings.MFA_TOTP_ISSUER)
