"""Encryption of second-factor secrets at rest, so that a database backup does not reveal them."""

import base64

from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


def seal(text: str) -> str:
    """Return the text encrypted under a key derived from the service's secret key."""
    return _box().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """Return the decrypted text; keys in SECRET_KEY_FALLBACKS are tried as well.

    Raises cryptography's InvalidToken if none of the keys fits.
    """
    return _box().decrypt(sealed.encode()).decode()


def _box() -> MultiFernet:
    keys = [str(settings.SECRET_KEY), *map(str, settings.SECRET_KEY_FALLBACKS)]
    return MultiFernet([Fernet(_derived(key)) for key in keys])


def _derived(secret: str) -> bytes:
    """A key derived by HKDF (RFC 5869) for this purpose only."""
    kdf = HKDF(SHA256(), length=32, salt=None, info=b"accounts.factors")
    return base64.urlsafe_b64encode(kdf.derive(secret.encode()))
