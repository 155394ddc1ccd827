from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pytest_django import Settings

from accounts.models import Membership, Organisation, Person, StaffRole
from issuance import services
from issuance.models import Certificate, IssuingCA, PreparedCertificate
from issuance.orders import CertificateOrder
from tests.issuance.hierarchy import make_hierarchy

NOW = datetime(2026, 11, 25, 8, 30, 15, tzinfo=UTC)

type Approve = Callable[..., services.ApprovalState]


@pytest.fixture
def now() -> datetime:
    """A Wednesday morning in Finland."""
    return NOW


@pytest.fixture
def cas(db: None, settings: Settings, tmp_path: Path) -> dict[str, IssuingCA]:
    return make_hierarchy(settings, tmp_path)


def person(given: str, family: str) -> Person:
    return Person.objects.create(given_name=given, family_name=family, created_at=NOW)


def reviewer(given: str, family: str) -> Person:
    made = person(given, family)
    StaffRole.objects.create(person=made, kind=StaffRole.Kind.REVIEWER, granted_at=NOW)
    return made


@pytest.fixture
def matti(db: None) -> Person:
    """An applicant."""
    return person("Matti", "Meikäläinen")


@pytest.fixture
def riitta(db: None) -> Person:
    return reviewer("Riitta", "Ratkaisija")


@pytest.fixture
def raimo(db: None) -> Person:
    return reviewer("Raimo", "Ratkaisija")


@pytest.fixture
def pharmacy(matti: Person) -> Organisation:
    """Matti's organisation."""
    organisation = Organisation.objects.create(
        name="Helsingin VI apteekki", founded_at=NOW, founded_by=matti
    )
    join(matti, organisation)
    return organisation


def join(who: Person, organisation: Organisation) -> Membership:
    return Membership.objects.create(
        person=who,
        organisation=organisation,
        role=Membership.Role.ADMINISTRATOR,
        basis=Membership.Basis.REGISTER_ROLE,
        begun_at=NOW,
    )


@pytest.fixture
def order(pharmacy: Organisation) -> CertificateOrder:
    """A server certificate for an EC key."""
    from tests.issuance.orders import server_order

    return server_order(pharmacy)


@pytest.fixture
def prepared(
    cas: dict[str, IssuingCA], order: CertificateOrder, now: datetime
) -> PreparedCertificate:
    return services.prepare(order, now=now)


def approve_by(who: Person, prepared: PreparedCertificate, now: datetime) -> services.ApprovalState:
    return services.approve(
        prepared.pk,
        person=who,
        reauthenticated_at=now - timedelta(minutes=1),
        expected_sha256=prepared.tbs_sha256,
        now=now,
    )


@pytest.fixture
def approved(prepared: PreparedCertificate, riitta: Person, now: datetime) -> PreparedCertificate:
    approve_by(riitta, prepared, now)
    return prepared


@pytest.fixture
def certificate(approved: PreparedCertificate, now: datetime) -> Certificate:
    issued = services.issue(approved.reference, now=now)
    assert issued is not None
    return issued
