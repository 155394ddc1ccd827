"""The time stamp on a seal (RFC 3161) if the operator has configured a service: PAdES B-LT.

The stamp is added to the signature, and the validation data of the service's certificate to the
paper. The worker that stores the paper fetches both; the signer has no network access.
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
    """A signature (CMS, DER) with its time stamp, and the validation data of the service."""

    signature: bytes
    path: ValidationPath
    context: ValidationContext


def is_wanted() -> bool:
    """Return whether the operator has configured a time stamp service."""
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
    (signer_info,) = signed["content"]["signer_infos"]
    digest = hashlib.new(DIGEST, signer_info["signature"].native).digest()
    token = await service.async_timestamp(digest, DIGEST)
    status = TimestampSignatureStatus(
        **await validate_tst_signed_data(token["content"], context, lambda _: digest)
    )
    if not (status.intact and status.valid and status.trusted) or status.validation_path is None:
        raise Unavailable(f"time stamp: {status.summary()}")
    attribute = cms.CMSAttribute({"type": "signature_time_stamp_token", "values": [token]})
    signer_info["unsigned_attrs"] = cms.CMSAttributes([attribute])
    # Without `force`: with the answers of some services (OpenSSL's) asn1crypto then never returns.
    return Stamped(signed.dump(), status.validation_path, context)


def _roots() -> list[asn1.Certificate]:
    data = Path(settings.TIME_STAMPS["roots"]).read_bytes()
    return [asn1.Certificate.load(der) for _, _, der in pem.unarmor(data, multiple=True)]


def add_evidence(pdf: bytes, stamped: Stamped) -> bytes:
    """Return the sealed paper with the time stamp's validation data as a further revision."""
    output = BytesIO(pdf)
    DocumentSecurityStore.add_dss(
        output, None, paths=[stamped.path], validation_context=stamped.context
    )
    return output.getvalue()
