from collections.abc import Callable
from datetime import datetime

import pytest
from allauth.mfa.models import Authenticator
from pytest_django import Settings

from accounts.models import Person
from certportal.foundation.actors import system
from certportal.foundation.event_log.notes import Verifier
from issuance.approvers.register import Approver
from issuance.services.approvers import enrol
from tests.doubles.passkey import Passkey
from tests.issuance.event_log.conftest import keyed

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
