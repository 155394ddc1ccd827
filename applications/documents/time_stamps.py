"""The time stamp on a seal (RFC 3161) if the operator has configured a service: PAdES B-LT.

The stamp is added to the signature, and the validation data of the service's certificate to the
paper. The worker that stores the paper fetches both; the signer has no network access.

pyHanko asks for both. Its own requests have no limit of total time and size, so a service that
sends a byte a second would hold the worker for ever: they are made by `outgoing` instead.
"""

import asyncio
import hashlib
import time
from collections.abc import Collection, Mapping
from http import HTTPStatus
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

from asn1crypto import cms, pem, tsp, x509 as asn1
from django.conf import settings
from pyhanko.sign.timestamps.api import TimeStamper
from pyhanko.sign.timestamps.common_utils import set_tsp_headers
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import validate_tst_signed_data
from pyhanko.sign.validation.status import TimestampSignatureStatus
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.fetchers.api import FetcherBackend, Fetchers
from pyhanko_certvalidator.fetchers.requests_fetchers.cert_fetch_client import (
    RequestsCertificateFetcher,
)
from pyhanko_certvalidator.fetchers.requests_fetchers.crl_client import RequestsCRLFetcher
from pyhanko_certvalidator.fetchers.requests_fetchers.ocsp_client import RequestsOCSPFetcher
from pyhanko_certvalidator.path import ValidationPath
from urllib3.exceptions import HTTPError

from certportal.foundation import outgoing
from certportal.foundation.breaker import Breaker
from certportal.foundation.errors import Unavailable

DIGEST = "sha384"
SECONDS = 20.0
"""For all requests about a stamp together: less than a worker's heartbeat may wait behind it."""
LARGEST = 10 * 1024 * 1024
"""Bytes of an answer, which may be a revocation list."""
breaker = Breaker("time stamp service", pause=20, slow=outgoing.TIMEOUT_SECONDS[0])
"""Each paper that waits for a silent service would else hold a worker for as long."""
_NOT_ASKED = (OSError, HTTPError)
# What pyHanko raises for an answer that is no time stamp, a refusal, or one to another request.
_NOT_FIT = (SignatureValidationError, ValueError, AttributeError, KeyError, TypeError)


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
    not to be trusted, and Resting instead of asking again at once after a long silence.
    """
    try:
        with breaker.call():
            return asyncio.run(_stamp(cms.ContentInfo.load(signature)))
    except (*_NOT_ASKED, *_NOT_FIT) as error:
        raise Unavailable(f"time stamp: {type(error).__name__}") from error


async def _stamp(signed: cms.ContentInfo) -> Stamped:
    requests = _Requests(time.monotonic() + SECONDS)
    context = ValidationContext(
        trust_roots=_roots(),
        allow_fetching=True,
        revocation_mode="require",
        fetcher_backend=_Backend(requests),
    )
    service = _Service(requests)
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


class _Answer(NamedTuple):
    """What pyHanko's fetchers read of an answer."""

    content: bytes
    headers: Mapping[str, str]


class _Requests(NamedTuple):
    """The requests about one stamp, which must end at the time `ends`."""

    ends: float

    def send(self, method: str, url: str, headers: dict[str, str], data: bytes = b"") -> _Answer:
        """Send a request, follow no redirect. Raises OSError, HTTPError, ValueError."""
        reply = outgoing.exchange(
            method,
            url,
            timeout=outgoing.TIMEOUT_SECONDS,
            whole_seconds=max(0.0, self.ends - time.monotonic()),
            most_bytes=LARGEST,
            headers=headers,
            data=data,
        )
        if reply.status != HTTPStatus.OK:
            raise ValueError(f"status {reply.status}")
        return _Answer(reply.body, reply.headers)


class _Service(TimeStamper):
    """The time stamp service of the operator's setting."""

    def __init__(self, requests: _Requests) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._requests = requests

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        headers = set_tsp_headers({})
        answer = self._requests.send("POST", settings.TIME_STAMPS["url"], headers, req.dump())
        return tsp.TimeStampResp.load(answer.content)


class _Limited:
    """Makes the requests of one of pyHanko's fetchers, which take a ValueError as no answer."""

    def __init__(self, requests: _Requests) -> None:
        super().__init__()
        self._requests = requests

    async def _get(self, url: str, *, acceptable_content_types: Collection[str]) -> Any:
        return self._sent("GET", url, {"Accept": ",".join(acceptable_content_types)})

    async def _post(
        self, url: str, data: bytes, *, content_type: str, acceptable_content_types: Collection[str]
    ) -> Any:
        headers = {"Accept": ",".join(acceptable_content_types), "Content-Type": content_type}
        return self._sent("POST", url, headers, data)

    def _sent(self, method: str, url: str, headers: dict[str, str], data: bytes = b"") -> _Answer:
        try:
            return self._requests.send(method, url, headers, data)
        except _NOT_ASKED as error:
            raise ValueError(type(error).__name__) from error


class _Certificates(_Limited, RequestsCertificateFetcher):
    pass


class _Lists(_Limited, RequestsCRLFetcher):
    pass


class _Statuses(_Limited, RequestsOCSPFetcher):
    pass


class _Backend(FetcherBackend):
    """The fetchers of a service's certificates and of what revokes them."""

    def __init__(self, requests: _Requests) -> None:
        self._requests = requests

    def get_fetchers(self) -> Fetchers:
        return Fetchers(
            ocsp_fetcher=_Statuses(self._requests),
            crl_fetcher=_Lists(self._requests),
            cert_fetcher=_Certificates(self._requests),
        )

    async def close(self) -> None:
        """Nothing is open."""


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
