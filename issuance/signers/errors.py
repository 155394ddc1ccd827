"""Errors of loading or using a signer. The caller must never fall back to another key."""

from certportal.foundation.errors import Unavailable


class SignerUnavailable(Unavailable):
    """The key cannot be used now: wrong password, missing token or file. The task is retried."""


class SignerMismatch(SignerUnavailable):
    """The key found does not belong to the CA's certificate. An operator must correct this."""


def why_unreadable(error: Exception) -> str:
    """Return why an encrypted key file was not read; nothing of its content or the password.

    A file that was decrypted with another password cannot be told from a damaged one.
    """
    if isinstance(error, OSError):
        return f"{error.filename}: {error.strerror}"
    return "the password is another one, or the file is damaged"
