from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pytest_django import Settings

from accounts.models import Membership, Organisation, Person
from issuance import services, signers
from issuance.certificate.order import CertificateOrder
from issuance.models import Certificate, IssuingCA, PreparedCertificate
from issuance.signers.file import KeyFiles
from tests.issuance.signers.softhsm import SoftToken

NOW = datetime(2026, 11, 25, 8, 30, 15, tzinfo=UTC)

type Approve = Callable[..., services.ApprovalState]
type Make = Callable[[], PreparedCertificate]


@pytest.fixture
def now() -> datetime:
    """A Wednesday morning in Finland."""
    return NOW


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
    cas: dict[str, IssuingCA], riitta: Person, order: CertificateOrder, now: datetime
) -> PreparedCertificate:
    """Prepared once Riitta is there, who mostly approves it: people are put back before orders."""
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
def make(pharmacy: Organisation, riitta: Person, now: datetime) -> Make:
    """Prepare a certificate that Riitta approves."""

    def make() -> PreparedCertificate:
        from tests.issuance.orders import server_order

        prepared = services.prepare(server_order(pharmacy), now=now)
        approve_by(riitta, prepared, now)
        return prepared

    return make


@pytest.fixture
def certificate(approved: PreparedCertificate, now: datetime) -> Certificate:
    issued = services.issue(approved.reference, now=now)
    assert issued is not None
    return issued


@pytest.fixture
def keys(settings: Settings, tmp_path: Path) -> KeyFiles:
    """Key files of this test alone, in which ceremonies put the keys."""
    (tmp_path / "password").write_text("a long password\n")
    settings.PORTAL_DATA = tmp_path
    settings.CA_KEYS_DIR = str(tmp_path / "keys")
    settings.CA_KEY_PASSWORD_FILE = str(tmp_path / "password")
    settings.ISSUANCE_SIGNER = {"BACKEND": "issuance.signers.file.KeyFiles"}
    signers.forget()
    return KeyFiles()


@pytest.fixture
def token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> Iterator[SoftToken]:
    """A token of SoftHSM of this test alone, as is the note of the PIN that it refused."""
    settings.PORTAL_DATA = tmp_path
    made = SoftToken(tmp_path / "hsm")
    made.folder.mkdir()
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    made.initialise()
    yield made
    signers.forget()
