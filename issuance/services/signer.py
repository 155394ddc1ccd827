"""The signer of a registered issuing CA."""

from collections.abc import Callable
from typing import cast

from issuance import signers
from issuance.models import IssuingCA
from issuance.signers.protocol import KeyStore

type LoadSigner = Callable[[IssuingCA], signers.Signer]


def signer_for(ca: IssuingCA) -> signers.Signer:
    """The signer of this CA, cached per process. Raises SignerUnavailable, SignerMismatch.

    It is verified to hold the key of the registered certificate, so a test CA can never sign with
    a production key, nor the reverse.
    """
    return signers.load(ca.stem, ca.certificate)


def key_store() -> KeyStore:
    """The configured key store of the issuing CAs, for ceremonies."""
    return cast(KeyStore, signers.backend())
