"""What is being signed while proof, time or the case itself ends."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from pytest_django import Settings

from accounts.models import Person
from certportal.foundation.actors import system
from certportal.foundation.models import Event
from issuance import journal, services
from issuance.event_names import IssuanceEvent
from issuance.models import IssuingCA, PreparedCertificate
from issuance.services.approvers.register import RegisterUnavailable
from issuance.services.errors import Unproven
from issuance.services.event_log import build
from issuance.services.issuing import to_sign
from issuance.services.signer import signer_for
from issuance.signers import Signer, SignerUnavailable
from tests.doubles.passkey import Passkey
from tests.issuance.approvers.conftest import Enrol, add, approve, ended, refused
from tests.tables import rewrite, unkept

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("production")]


@pytest.fixture
def marked(
    riitta_approved: PreparedCertificate, raimo: Person, raimos: Passkey, now: datetime
) -> PreparedCertificate:
    """Both have signed it; its signature was begun, and the token pulled out."""
    approve(riitta_approved, raimo, raimos.sign(to_sign.challenge(riitta_approved)), now)
    return begun(riitta_approved, now)


def pulled_out(ca: IssuingCA) -> Signer:
    raise SignerUnavailable(ca.stem)


def begun(attempt: PreparedCertificate, now: datetime) -> PreparedCertificate:
    loads = iter([signer_for, pulled_out])
    with pytest.raises(SignerUnavailable):
        services.issue(attempt.reference, now=now, load_signer=lambda ca: next(loads)(ca))
    attempt.refresh_from_db()
    assert attempt.state == "signing"
    return attempt


def test_what_was_begun_goes_back_to_the_reviewers_if_a_passkey_was_ended_meanwhile(
    marked: PreparedCertificate, raimo: Person, enrolled: Enrol, raimos: Passkey, now: datetime
) -> None:
    ended(raimos, now)
    with pytest.raises(RegisterUnavailable):
        services.issue(marked.reference, now=now)
    enrolled(raimo, add(raimo, Passkey(name=b"raimo's second key")), now=now)
    assert refused(marked, now)
    marked.refresh_from_db()
    assert (marked.state, marked.void_reason) == ("void", "approval_not_proved")


def test_what_was_begun_before_the_ca_wanted_proof_goes_back_too(
    riitta_approved: PreparedCertificate, raimo: Person, site: Settings, now: datetime
) -> None:
    site.APPROVERS_PROVE = "off"
    approve(riitta_approved, raimo, None, now)
    attempt = begun(riitta_approved, now)
    site.APPROVERS_PROVE = "production"
    assert refused(attempt, now)


def test_what_was_signed_before_a_passkey_was_ended_is_stored(
    riitta_approved: PreparedCertificate,
    raimo: Person,
    raimos: Passkey,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    approve(riitta_approved, raimo, raimos.sign(to_sign.challenge(riitta_approved)), now)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("issuance.services.issuing.sign_attempts.store_within", die)
        with pytest.raises(KeyboardInterrupt):
            services.issue(riitta_approved.reference, now=now)
    ended(raimos, now)
    issued = services.issue(riitta_approved.reference, now=now)
    assert issued is not None
    assert [each.der for each in journal.entries("sote-ec-1")] == [bytes(issued.der)]


def test_what_was_begun_in_time_is_finished_after_its_time(
    marked: PreparedCertificate, now: datetime
) -> None:
    assert services.issue(marked.reference, now=marked.expires_at) is not None


@pytest.mark.parametrize("until", [None, timedelta(hours=1)])
def test_a_mark_made_by_hand_after_its_time_signs_nothing(
    riitta_approved: PreparedCertificate,
    riitta: Person,
    raimo: Person,
    raimos: Passkey,
    until: timedelta | None,
    now: datetime,
) -> None:
    """Both have signed it; it expired, or the waiver that Raimo's approval rests on ended."""
    policy: dict[str, Any] = {"until": now + until if until else None}
    signed = raimos.sign(to_sign.challenge(riitta_approved, **policy))
    approve(riitta_approved, raimo, signed, now, **policy)
    rewrite(PreparedCertificate.objects, state="signing")
    with pytest.raises(Unproven, match="expired before"):
        services.issue(riitta_approved.reference, now=policy["until"] or riitta_approved.expires_at)
    assert not list(journal.entries("sote-ec-1"))


@pytest.mark.parametrize("hidden", [False, True])
def test_an_attempt_that_was_voided_and_marked_by_hand_signs_nothing(
    riitta_approved: PreparedCertificate,
    raimo: Person,
    raimos: Passkey,
    hidden: bool,
    now: datetime,
) -> None:
    """The case was rejected. The event is deleted in the database, too: the log has it."""
    approve(riitta_approved, raimo, raimos.sign(to_sign.challenge(riitta_approved)), now)
    services.void(riitta_approved.reference, "rejected", actor=system("test"), now=now)
    build.extend_wholly()
    rewrite(PreparedCertificate.objects, state="signing", void_reason="", closed_at=None)
    if hidden:
        with unkept():
            Event.objects.filter(action=IssuanceEvent.VOIDED).delete()
    with pytest.raises(Unproven, match="was voided"):
        services.issue(riitta_approved.reference, now=now)
    assert not list(journal.entries("sote-ec-1"))
