"""What happens on a machine that signs, and what its second place then holds."""

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from datetime import datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from django.db import transaction

from issuance import services
from issuance.models import (
    Certificate,
    IssuingCA,
    PreparedCertificate,
)
from issuance.signers import SignerUnavailable

CA = "sote-ec-1"


type OnHost = Callable[[str], AbstractContextManager[None]]


def issue(prepared: PreparedCertificate, now: datetime) -> Certificate:
    issued = services.issue(prepared.reference, now=now)
    assert issued is not None
    return issued


def stop_while_signing(prepared: PreparedCertificate, now: datetime) -> None:
    """Leave the attempt marked as being signed, without a signature."""
    calls: list[IssuingCA] = []

    def gone(ca: IssuingCA) -> None:
        calls.append(ca)
        if len(calls) > 1:
            raise SignerUnavailable("pulled out")

    with pytest.raises(SignerUnavailable):
        services.issue(prepared.reference, now=now, load_signer=gone)  # type: ignore[arg-type]


class Died(Exception):
    pass


def forget_storing(prepared: PreparedCertificate, now: datetime) -> None:
    """Sign and journal the certificate, and die before it is stored."""

    stop_while_signing(prepared, now)
    with suppress(Died), transaction.atomic():
        issue(prepared, now)
        raise Died


def asking(certificate: Certificate, ca: IssuingCA) -> bytes:
    builder = ocsp.OCSPRequestBuilder()
    builder = builder.add_certificate(certificate.certificate, ca.certificate, hashes.SHA256())
    return builder.build().public_bytes(Encoding.DER)


def copied(second_place: Path) -> bytes:
    (copy,) = second_place.glob(f"*/{CA}.journal")
    return copy.read_bytes()


def read_only(path: Path | int, *_: object) -> int:
    """What writing to a file system that only reads does."""
    raise OSError(30, "Read-only file system", str(path))
