"""The time stamp on a seal (RFC 3161), where the operator has a service for it: PAdES B-LT.

The stamp goes into the signature, and what shows that the service's certificate was good into the
paper. Both are fetched by the worker that keeps the paper; the signer reaches no network.
"""

import asyncio
import hashlib
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from asn1crypto import cms, pem
from asn1crypto import x509 as asn1
from django.conf import settings
from pyhanko.sign.timestamps.common_utils import TimestampRequestError
from pyhanko.sign.timestamps.requests_client import RequestsHTTPTimeStamper
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.generic_cms import validate_tst_signed_data
from pyhanko.sign.validation.status import TimestampSignatureStatus
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.fetchers.requests_fetchers import RequestsFetcherBackend
from pyhanko_certvalidator.path import ValidationPath

from certportal.foundation.errors import Unavailable

DIGEST = "sha384"
SECONDS = 10


class Stamped(NamedTuple):
    """A signature (CMS, DER) with its time stamp, and what the service is verified with."""

    signature: bytes
    path: ValidationPath
    context: ValidationContext


def is_wanted() -> bool:
    """Whether the operator has a time stamp service."""
    return bool(settings.TIME_STAMPS["url"])


def stamp(signature: bytes) -> Stamped:
    """Return the signature (CMS, DER) with a time stamp over it.

    Raises Unavailable while the service, or what its certificate refers to, does not answer or is
    not to be trusted.
    """
    try:
        return asyncio.run(_stamp(cms.ContentInfo.load(signature)))
    except (TimestampRequestError, OSError) as error:
        raise Unavailable(f"time stamp: {type(error).__name__}") from error


async def _stamp(signed: cms.ContentInfo) -> Stamped:
    context = ValidationContext(
        trust_roots=_roots(),
        allow_fetching=True,
        revocation_mode="require",
        fetcher_backend=RequestsFetcherBackend(per_request_timeout=SECONDS),
    )
    url = settings.TIME_STAMPS["url"]
    service = RequestsHTTPTimeStamper(url, timeout=SECONDS)  # type: ignore[no-untyped-call]
    (about,) = signed["content"]["signer_infos"]
    digest = hashlib.new(DIGEST, about["signature"].native).digest()
    token = await service.async_timestamp(digest, DIGEST)
    found = TimestampSignatureStatus(
        **await validate_tst_signed_data(token["content"], context, lambda _: digest)
    )
    if not (found.intact and found.valid and found.trusted) or found.validation_path is None:
        raise Unavailable(f"time stamp: {found.summary()}")
    kept = cms.CMSAttribute({"type": "signature_time_stamp_token", "values": [token]})
    about["unsigned_attrs"] = cms.CMSAttributes([kept])
    # Not `force`: with the answers of some services (OpenSSL's) that does not end in asn1crypto.
    return Stamped(signed.dump(), found.validation_path, context)


def _roots() -> list[asn1.Certificate]:
    data = Path(settings.TIME_STAMPS["roots"]).read_bytes()
    return [asn1.Certificate.load(der) for _, _, der in pem.unarmor(data, multiple=True)]


def add_evidence(pdf: bytes, stamped: Stamped) -> bytes:
    """Return the sealed paper with what the time stamp is verified with, as a further revision."""
    output = BytesIO(pdf)
    DocumentSecurityStore.add_dss(
        output, None, paths=[stamped.path], validation_context=stamped.context
    )
    return output.getvalue()
