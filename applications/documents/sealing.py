"""The seal in a paper's PDF: prepare a signature field, and fill in the signature.

The authority's seal signs only the `digest` of a prepared paper (`issuance.services.sealing`). Only
workers prepare and fill, as with rendering.
"""

import asyncio
import hashlib
import re
from dataclasses import dataclass
from io import BytesIO

from asn1crypto import crl, x509 as asn1
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko.sign.signers.pdf_byterange import PreparedByteRangeDigest
from pyhanko.sign.validation.dss import DocumentSecurityStore

from applications.documents import time_stamps
from issuance.models import Seal

FIELD = "Seal"
DIGEST = "sha384"
# Hex digits reserved for the signature; one with a P-384 key and its chain takes half of them.
RESERVED, WITH_TIME_STAMP = 8192, 32768
_RANGE = re.compile(rb"/ByteRange \[0 (\d+) (\d+) (\d+)\]")


class NotPrepared(ValueError):
    """The bytes are not those of a paper that was prepared for a seal."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A paper with an empty signature field, and the digest of everything else in it."""

    content: bytes
    digest: bytes


def prepare(pdf: bytes, seal: Seal, *, label: str) -> Prepared:
    """Add a signature field, and the seal's chain and root CRL for verification.

    The field is hidden, so that PDF/UA requires no tag for it. `label` is its readable name.
    """
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    chain = [asn1.Certificate.load(bytes(der)) for der in (seal.certificate_der, seal.root_der)]
    listed = crl.CertificateList.load(bytes(seal.root_list))
    DocumentSecurityStore.supply_dss_in_writer(writer, None, certs=chain, crls=[listed])
    field = fields.SigFieldSpec(
        FIELD,
        on_page=0,
        readable_field_name=label,
        invis_sig_settings=fields.InvisSigSettings(set_print_flag=False, set_hidden_flag=True),
    )
    metadata = signers.PdfSignatureMetadata(
        field_name=FIELD, md_algorithm=DIGEST, subfilter=fields.SigSeedSubFilter.PADES
    )
    external = signers.ExternalSigner(signing_cert=None, cert_registry=None, signature_value=1)
    signer = signers.PdfSigner(metadata, signer=external, new_field_spec=field)
    reserved = WITH_TIME_STAMP if time_stamps.is_wanted() else RESERVED
    prepared, _, output = asyncio.run(
        signer.async_digest_doc_for_signing(writer, bytes_reserved=reserved)
    )
    output.seek(0)
    return Prepared(output.read(), prepared.document_digest)


def seal(prepared: bytes, digest: bytes, signature: bytes) -> bytes:
    """Return the sealed paper, with a time stamp if a service is configured.

    Raises NotPrepared as `fill` does, and Unavailable while the service does not answer.
    """
    if not time_stamps.is_wanted():
        return fill(prepared, digest, signature)
    stamped = time_stamps.stamp(signature)
    return time_stamps.add_evidence(fill(prepared, digest, stamped.signature), stamped)


def fill(prepared: bytes, digest: bytes, signature: bytes) -> bytes:
    """Return the prepared paper with the signature (CMS, DER) over its digest filled in.

    Raises NotPrepared if the paper does not have this digest.
    """
    ranges = _RANGE.findall(prepared)
    if not ranges:
        raise NotPrepared
    start, end, tail = map(int, ranges[-1])
    covered = prepared[:start] + prepared[end : end + tail]
    if end + tail != len(prepared) or hashlib.new(DIGEST, covered).digest() != digest:
        raise NotPrepared
    output = BytesIO(prepared)
    PreparedByteRangeDigest(digest, start, end).fill_with_cms(output, signature)
    return output.getvalue()
