"""Our system-signature certificate beside the facts of the real ones, fact by fact."""

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from issuance.authority import build
from tests.issuance.plans import plan
from tests.issuance.real_shape import DIFFERENCES, REAL, differing, ours
from tests.issuance.shape import shape


def test_every_difference_has_its_reason() -> None:
    assert differing(ours("P-256"), REAL) == DIFFERENCES.keys()


def test_the_rsa_branch_differs_in_its_signature_only() -> None:
    assert differing(ours("RSA-2048"), ours("P-256")) == {"signature"}
    assert ours("RSA-2048")["signature"] == "sha512WithRSAEncryption"


@pytest.mark.parametrize("profile", ["test_system_signature"])
def test_test_certificates_have_the_same_shape(profile: str) -> None:
    certificate = build.specimen(plan(profile, "P-256"))
    assert shape(certificate.public_bytes(Encoding.DER)) == ours("P-256")
