"""The seal of papers: its certificate, and its signatures in the form that PAdES requires.

A signature is a detached CMS SignedData (RFC 5652; ETSI EN 319 142-1, level B-B) of a digest: the
CA does not see the document.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from asn1crypto import algos, cms, core, tsp, x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import Encoding

from issuance.algorithms import SIGNATURE_ALGORITHMS, Branch
from issuance.authority import build
from issuance.authority.hierarchy import CaNames
from issuance.authority.sign import sign_bytes, verify_bytes
from issuance.certificate.plan import SubjectKey, new_serial
from issuance.conf import Pki
from issuance.signers.protocol import Signer

BRANCH: Branch = "ec"
HASH = hashes.SHA384()
"""Hash algorithm of papers and their signatures, whatever the CAs of the branch sign with.

The digests of papers are stored.
"""
DIGEST = HASH.name


@dataclass(frozen=True, slots=True)
class SealPlace:
    """Identifies a seal by its number; derives its names, and those of the seals' root."""

    number: int = 1

    @property
    def branch(self) -> Branch:
        """The branch of the keys, the root's too."""
        return BRANCH

    @property
    def root_stem(self) -> str:
        """Base name of the root's files; all seals have the same root."""
        return "root-seal-1"

    @property
    def stem(self) -> str:
        """Base name of the seal's files, such as ``seal-1``."""
        return f"seal-{self.number}"

    @staticmethod
    def number_of(stem: str) -> int:
        """The number of the seal of this base name."""
        return int(stem.removeprefix("seal-"))

    def root_names(self, conf: Pki) -> CaNames:
        return CaNames(conf.organisation, None, f"{conf.prefix} Seal Root CA - G1")

    def names(self, conf: Pki) -> CaNames:
        return CaNames(
            conf.organisation, conf.unit, f"{conf.prefix} Document Seal - S{self.number}"
        )


def certify(
    place: SealPlace, public: SubjectKey, root: Signer, conf: Pki, start: datetime, end: datetime
) -> tuple[x509.Certificate, ...]:
    """The chain of a seal certified by ``root``.

    It has no extended key usage, as system signature certificates have none: for signatures of
    documents NSS, and so poppler, accepts only that of e-mail (RFC 9336 defines one for documents).
    """
    issuer = root.chain[0]
    usages = frozenset({"digital_signature", "content_commitment"})
    addresses = build.authority_information_access(conf.certificate_url(place.root_stem), None)
    certificate = (
        x509.CertificateBuilder()
        .serial_number(new_serial())
        .issuer_name(issuer.subject)
        .subject_name(place.names(conf).name())
        .public_key(public)
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(build.authority_key_identifier(issuer), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(build.key_usage(usages), critical=True)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(build.crl_distribution_points(conf.crl_url(place.root_stem)), critical=False)
        .add_extension(addresses, critical=False)
        .sign(root.private_key, SIGNATURE_ALGORITHMS[root.branch].hash)
    )
    return (certificate, *root.chain)


def sign(digest: bytes, signer: Signer) -> bytes:
    """Sign the SHA-384 of a document with the seal; return the verified signature (CMS, DER)."""
    message = cms.ContentInfo.load(_blank(signer.chain))
    (info,) = message["content"]["signer_infos"]
    signed = info["signed_attrs"]
    for attribute in signed:
        if attribute["type"].native == "message_digest":
            attribute["values"] = (digest,)
    covered: bytes = signed.untag().dump()
    signature = sign_bytes(covered, signer, HASH)
    public = signer.chain[0].public_key()
    assert isinstance(public, EllipticCurvePublicKey)
    verify_bytes(covered, signature, public, HASH)
    info["signature"] = signature
    return bytes(message.dump())


@cache
def _blank(chain: tuple[x509.Certificate, ...]) -> bytes:
    """The signed message of the seal with this chain, without a digest and a signature.

    To encode all of it takes five times as long as to fill in these two.
    """
    own, *others = [asn1.Certificate.load(each.public_bytes(Encoding.DER)) for each in chain]
    identity = cms.IssuerAndSerialNumber({"issuer": own.issuer, "serial_number": own.serial_number})
    info = cms.SignerInfo(
        {
            "version": "v1",
            "sid": cms.SignerIdentifier("issuer_and_serial_number", identity),
            "digest_algorithm": {"algorithm": DIGEST},
            "signed_attrs": _signed_attributes(own),
            "signature_algorithm": {"algorithm": f"{DIGEST}_ecdsa"},
            "signature": b"",
        }
    )
    content = cms.SignedData(
        {
            "version": "v1",
            "digest_algorithms": [{"algorithm": DIGEST}],
            "encap_content_info": {"content_type": "data"},
            "certificates": [own, *others],
            "signer_infos": [info],
        }
    )
    message: bytes = cms.ContentInfo({"content_type": "signed_data", "content": content}).dump()
    return message


def _signed_attributes(own: asn1.Certificate) -> cms.CMSAttributes:
    """The signed attributes of EN 319 142-1; the signing time is in the document instead."""
    named = tsp.ESSCertIDv2(
        {
            "hash_algorithm": algos.DigestAlgorithm({"algorithm": DIGEST}),
            "cert_hash": hashlib.new(DIGEST, own.dump()).digest(),
        }
    )
    return cms.CMSAttributes(
        [
            _attribute("content_type", "data"),
            _attribute("message_digest", core.OctetString(b"")),
            _attribute("signing_certificate_v2", tsp.SigningCertificateV2({"certs": [named]})),
        ]
    )


def _attribute(name: str, value: object) -> cms.CMSAttribute:
    return cms.CMSAttribute({"type": name, "values": (value,)})
