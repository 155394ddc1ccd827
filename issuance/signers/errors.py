"""Why a signer is not to be had. Never an excuse to use another key instead."""

from certportal.foundation.errors import Unavailable


class SignerUnavailable(Unavailable):
    """The key cannot be reached now: wrong password, lost token, missing file. Retried."""


class SignerMismatch(SignerUnavailable):
    """The key found is not the one of the certificate asked for. Needs an operator."""
