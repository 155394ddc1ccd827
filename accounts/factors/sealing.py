"""Sealing secrets at rest: whoever reads the database, or a backup of it, has no second factor."""

import base64

from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


def seal(text: str) -> str:
    """Return the text encrypted under a key derived from the service's secret key."""
    return _box().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """Return the text; an earlier secret key counts while it stands in SECRET_KEY_FALLBACKS.

    Raises cryptography's InvalidToken when it was sealed under a key that is gone.
    """
    return _box().decrypt(sealed.encode()).decode()


def _box() -> MultiFernet:
    keys = [str(settings.SECRET_KEY), *map(str, settings.SECRET_KEY_FALLBACKS)]
    return MultiFernet([Fernet(_derived(key)) for key in keys])


def _derived(secret: str) -> bytes:
    """RFC 5869: a key for this purpose alone."""
    kdf = HKDF(SHA256(), length=32, salt=None, info=b"accounts.factors")
    return base64.urlsafe_b64encode(kdf.derive(secret.encode()))
