"""A key that anybody can compute: refused when sent, and once the rules have learned of it."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from django.core import mail

from applications.errors import UnfitCsr
from applications.workflow import Status
from certportal.dev.builders import orders
from issuance.keys.curves import CURVES
from issuance.models import BlockedKey, Certificate, SoundKey
from tests.issuance.orders import make_csr

CURVE = CURVES["P-256"]


@pytest.fixture
def csr():
    """A request of a key whose private half is a small number."""
    return make_csr(ec.derive_private_key(20261126, CURVE.library), "erecept.example.fi")


@pytest.fixture
def older_rules(monkeypatch):
    """Rules that do not know this class of keys yet."""
    with monkeypatch.context() as patch:
        patch.setattr("issuance.keys.policy.weakness", lambda *_: None)
        yield patch


def test_it_is_refused_when_it_is_sent_and_blocked(matti, csr):
    with pytest.raises(UnfitCsr) as refused:
        orders.with_csr(matti, csr=csr)

    assert refused.value.report.reasons == ["weak-key"]
    assert BlockedKey.objects.get().reason == "key_compromise"


def test_its_certificate_is_revoked_and_its_holder_told(matti, riitta, cas, older_rules, csr):
    orders.delivered(matti, riitta, csr=csr)
    mail.outbox.clear()
    older_rules.undo()

    with pytest.raises(UnfitCsr):
        orders.with_csr(matti, csr=csr)

    certificate = Certificate.objects.get()
    assert (certificate.state, certificate.revocation_reason) == ("revoked", "key_compromise")
    orders.drain()
    assert "matti@example.fi" in {address for one in mail.outbox for address in one.to}


def test_the_check_judges_by_todays_rules(matti, older_rules, csr):
    order = orders.submitted(matti, csr=csr)
    older_rules.undo()

    orders.drain()

    order.refresh_from_db()
    assert order.status == Status.AWAITING_CSR
    assert "key.ec_scalar" in [finding["rule"] for finding in order.findings]
    assert BlockedKey.objects.get().spki_sha256 == order.csrs.get().spki_sha256


def test_the_check_records_a_key_of_which_it_found_nothing_and_no_other(matti, older_rules, csr):
    orders.submitted(matti, csr=csr)
    sound = orders.submitted(matti)
    older_rules.undo()

    orders.drain()

    assert SoundKey.objects.get().spki_sha256 == sound.csrs.get().spki_sha256
