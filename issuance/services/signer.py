"""From an issuing CA's row to the signer that holds its key."""

from typing import cast

from issuance import signers
from issuance.models import IssuingCA
from issuance.signers import Signer
from issuance.signers.protocol import KeyStore


def signer_for(ca: IssuingCA) -> Signer:
    """The signer of this very CA, loaded once per process. Raises SignerUnavailable.

    It is proven to hold the key of the registered certificate, so a test CA can never sign with
    a production key nor the reverse.
    """
    return signers.load(ca.stem, ca.certificate)


def key_store() -> KeyStore:
    """Where the settings keep the keys of the issuing CAs, for ceremonies."""
    return cast(KeyStore, signers.backend())
