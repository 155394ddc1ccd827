"""One contract over every backend of the signer seam: file, PKCS#11 token, memory."""

import hashlib
import os
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.x509 import ocsp

from certportal.dev.builders.hierarchy import Place, issuing
from issuance import signers
from issuance.algorithms import SIGNATURE_ALGORITHMS
from issuance.authority import crl, hierarchy
from issuance.authority.sign import sign_bytes, sign_certificate
from issuance.conf import pki
from issuance.signers import Signer, SignerMismatch, SignerUnavailable
from tests.issuance.signers.conftest import Bench
from tests.issuance.signers.verifying import verify

EC = Place("production", "ec")
RSA = Place("production", "rsa")
OTHER = Place("test", "ec")
BOTH = pytest.mark.parametrize("place", [EC, RSA], ids=["ec", "rsa"])
DAY = timedelta(days=1)
NOW = datetime(2026, 11, 25, 8, 30, tzinfo=UTC)


def load(stem: str, place: Place) -> Signer:
    return signers.load(stem, issuing(place).chain[0])


@BOTH
def test_it_signs_as_its_certificate_says(bench: Bench, place: Place) -> None:
    bench.put("contract-1", issuing(place))
    signer = load("contract-1", place)
    assert signer.branch == place.branch
    verify(sign_bytes(b"bytes", signer), signer)


@BOTH
def test_it_signs_certificates(bench: Bench, place: Place) -> None:
    bench.put("contract-2", issuing(place))
    signer = load("contract-2", place)
    below = hierarchy.make_root(
        ec.generate_private_key(ec.SECP384R1()), place.root_names(pki()), NOW, NOW + DAY
    ).chain[0]
    builder = (
        x509.CertificateBuilder()
        .subject_name(below.subject)
        .issuer_name(signer.chain[0].subject)
        .public_key(below.public_key())
        .serial_number(1)
        .not_valid_before(NOW)
        .not_valid_after(NOW + DAY)
    )
    made = builder.sign(signer.private_key, SIGNATURE_ALGORITHMS[signer.branch].hash)
    made.verify_directly_issued_by(signer.chain[0])
    tbs = made.tbs_certificate_bytes
    sign_certificate(tbs, hashlib.sha256(tbs).hexdigest(), signer)


@BOTH
def test_it_signs_revocation_lists(bench: Bench, place: Place) -> None:
    bench.put("contract-3", issuing(place))
    signer = load("contract-3", place)
    made = crl.make([], crl.CrlFacts(1, NOW, NOW + DAY), signer)
    crl.check(made, signer.chain[0], after=0, now=NOW)
    builder = x509.CertificateRevocationListBuilder().issuer_name(signer.chain[0].subject)
    built = builder.last_update(NOW).next_update(NOW + DAY)
    by_library = built.sign(signer.private_key, SIGNATURE_ALGORITHMS[signer.branch].hash)
    assert by_library.is_signature_valid(signer.chain[0].public_key())  # type: ignore[arg-type]


@BOTH
def test_it_signs_ocsp_responses(bench: Bench, place: Place) -> None:
    bench.put("contract-4", issuing(place))
    signer = load("contract-4", place)
    own, root = signer.chain
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=own,
        issuer=root,
        algorithm=hashes.SHA1(),
        cert_status=ocsp.OCSPCertStatus.GOOD,
        this_update=NOW,
        next_update=NOW + DAY,
        revocation_time=None,
        revocation_reason=None,
    )
    built = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, own)
    response = built.sign(signer.private_key, SIGNATURE_ALGORITHMS[signer.branch].hash)
    public = own.public_key()
    facts = response.signature, response.tbs_response_bytes
    if isinstance(public, EllipticCurvePublicKey):
        public.verify(*facts, ECDSA(hashes.SHA384()))
    else:
        public.verify(*facts, PKCS1v15(), hashes.SHA512())  # type: ignore[union-attr,call-arg]


def test_the_chain_goes_up_to_the_root(bench: Bench) -> None:
    bench.put("contract-5", issuing(EC))
    chain = load("contract-5", EC).chain
    assert [c.subject for c in chain] == [c.subject for c in issuing(EC).chain]
    assert chain[-1].issuer == chain[-1].subject


def test_a_missing_key_is_unavailable(bench: Bench) -> None:
    with pytest.raises(SignerUnavailable):
        load("contract-none", EC)


def test_a_key_of_another_ca_is_refused(bench: Bench) -> None:
    bench.put("contract-6", issuing(OTHER))
    with pytest.raises(SignerMismatch):
        load("contract-6", EC)


@pytest.mark.parametrize("other", [OTHER, RSA], ids=["same kind", "other kind"])
def test_a_key_that_is_not_the_certificates_is_refused(bench: Bench, other: Place) -> None:
    bench.put("contract-7", Signer(issuing(EC).chain, issuing(other).private_key))
    with pytest.raises(SignerMismatch):
        load("contract-7", EC)


def test_a_chain_that_does_not_hold_together_is_refused(bench: Bench) -> None:
    own, other = issuing(EC), issuing(OTHER)
    bench.put("contract-8", Signer((own.chain[0], other.chain[1]), own.private_key))
    with pytest.raises(SignerMismatch):
        load("contract-8", EC)


def test_loaded_once_per_process(bench: Bench) -> None:
    bench.put("contract-9", issuing(EC))
    assert load("contract-9", EC) is load("contract-9", EC)


@BOTH
def test_gone_it_is_unavailable_and_back_it_signs(bench: Bench, place: Place) -> None:
    bench.put("contract-10", issuing(place))
    bench.remove()
    for _ in range(2):
        with pytest.raises(SignerUnavailable):
            load("contract-10", place)
    bench.restore()
    signer = load("contract-10", place)
    verify(sign_bytes(b"bytes", signer), signer)


@BOTH
def test_a_process_forked_after_it_was_used_signs_too(bench: Bench, place: Place) -> None:
    bench.put("contract-11", issuing(place))
    signer = load("contract-11", place)
    sign_bytes(b"bytes", signer)
    if not (child := os.fork()):
        try:
            verify(sign_bytes(b"bytes", signer), signer)
            verify(sign_bytes(b"bytes", load("contract-11", place)), signer)
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    verify(sign_bytes(b"bytes", signer), signer)
