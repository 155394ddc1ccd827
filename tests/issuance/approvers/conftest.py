from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from pytest_django import Settings

from accounts.models import Organisation, Person
from certportal.foundation.actors import system
from certportal.foundation.event_log.notes import Verifier
from certportal.foundation.models import Event
from issuance import journal, services
from issuance.approvers.assertion import Assertion
from issuance.approvers.register import Approver
from issuance.event_names import IssuanceEvent
from issuance.models import IssuingCA, PreparedCertificate
from issuance.services.approvers import enrol
from issuance.services.issuing import to_sign
from tests.doubles.passkey import Passkey
from tests.issuance.event_log.conftest import keyed
from tests.issuance.orders import server_order

__all__ = ["keyed"]

type Enrol = Callable[..., Approver]


@pytest.fixture
def site(settings: Settings) -> Settings:
    """Where the passkeys of these tests are for: the service behind its public address."""
    settings.PORTAL_BASE_URL, settings.PORTAL_HOST = "https://testserver", "testserver"
    return settings


@pytest.fixture
def riittas(site: Settings, riitta: Person) -> Passkey:
    """Riitta's passkey, which she has added to her factors."""
    return add(riitta, Passkey(name=b"riitta's key"))


@pytest.fixture
def raimos(site: Settings, raimo: Person) -> Passkey:
    """Raimo's."""
    return add(raimo, Passkey(name=b"raimo's key"))


def add(person: Person, passkey: Passkey) -> Passkey:
    """Let the row of the person's passkey be in the database."""
    Authenticator.objects.create(
        user=person.logins.get(),
        type=Authenticator.Type.WEBAUTHN,
        data={"name": "", "credential": passkey.registration(b"\x01" * 32)},
    )
    return passkey


@pytest.fixture
def enrolled(keyed: Verifier, now: datetime) -> Enrol:
    """Olli, the operator, enrols the passkey whose fingerprint he is read out."""

    def act(person: Person, passkey: Passkey, **more: object) -> Approver:
        facts = {"environments": ["production", "test"], "operator": "Olli Operaattori"}
        facts |= {"actor": system("enrol_approver"), "now": now, **more}
        return enrol.enrol(person, passkey.fingerprint, **facts)  # type: ignore[arg-type]

    return act


@pytest.fixture
def production(
    cas: dict[str, IssuingCA],
    site: Settings,
    riitta: Person,
    riittas: Passkey,
    raimo: Person,
    raimos: Passkey,
    enrolled: Enrol,
    now: datetime,
) -> None:
    """Two persons approve, and both passkeys were enrolled a day ago."""
    site.APPROVERS_PROVE = "production"
    site.ISSUANCE_APPROVALS = {"production": 2, "test": 1}
    for person, passkey in ((riitta, riittas), (raimo, raimos)):
        enrolled(person, passkey, now=now - timedelta(days=1))


@pytest.fixture
def attempt(pharmacy: Organisation, now: datetime) -> PreparedCertificate:
    return services.prepare(server_order(pharmacy), now=now)


def approve(
    attempt: PreparedCertificate,
    who: Person,
    assertion: Assertion | None,
    now: datetime,
    **policy: Any,
) -> None:
    services.approve(
        attempt.pk,
        person=who,
        reauthenticated_at=now,
        expected_sha256=attempt.tbs_sha256,
        assertion=assertion,
        now=now,
        **policy,
    )


def ended(passkey: Passkey, now: datetime) -> None:
    enrol.end(passkey.fingerprint, operator="Olli", actor=system("end_approver"), now=now)


@pytest.fixture
def riitta_approved(
    attempt: PreparedCertificate, riitta: Person, riittas: Passkey, now: datetime
) -> PreparedCertificate:
    approve(attempt, riitta, riittas.sign(to_sign.challenge(attempt)), now)
    return attempt


def refused(attempt: PreparedCertificate, now: datetime) -> bool:
    """Whether the CA signs nothing and says why."""
    assert services.issue(attempt.reference, now=now) is None
    event = Event.objects.get(action=IssuanceEvent.REFUSED, object_id=str(attempt.reference))
    assert event.data["reason"] == "approval_not_proved"
    return not list(journal.entries("sote-ec-1"))
