"""Errors of loading or using a signer. The caller must never fall back to another key."""

from certportal.foundation.errors import Unavailable


class SignerUnavailable(Unavailable):
    """The key cannot be used now: wrong password, missing token or file. The task is retried."""


class SignerMismatch(SignerUnavailable):
    """The key found does not belong to the CA's certificate. An operator must correct this."""
